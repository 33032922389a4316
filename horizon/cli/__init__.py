"""The command line. Every verb is a thin layer over a room's plain function; rooms are imported when a verb runs."""

import logging
import sys

import typer

from horizon.cli import briefs, files, scanning, system, taxonomies
from horizon.errors import HorizonError

app = typer.Typer(
    name="horizon",
    help="Weekly horizon scanning of frontier technologies: feeds, labels, momentum and bilingual briefs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
scanning.register(app)
files.register(app)
briefs.register(app)
system.register(app)
app.add_typer(taxonomies.app, name="taxonomy")


def main() -> None:
    """Entry point: errors of our own become one line and an exit code, never a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for library in ("alembic", "fontTools", "httpx"):
        # Their every step would drown what an operator looks for.
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        app()
    except HorizonError as error:
        print(f"horizon: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        # The machine's fault, not a mistake of ours: a full disk, a folder without rights, a file that has gone.
        print(f"horizon: {error}; make room or mend the rights, then run the same command again", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        print("horizon: interrupted; run the same command again to carry on", file=sys.stderr)
        sys.exit(130)
