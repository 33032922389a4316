"""The command line. Every verb is a thin layer over a room's plain function; rooms are imported when a verb runs."""

import gc
import logging
import sys

import typer

from horizon.cli import (
    backtest,
    briefs,
    delivery,
    evidence,
    files,
    ledger,
    models,
    review,
    scanning,
    signals,
    site,
    system,
    taxonomies,
)
from horizon.errors import HorizonError

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells say it."""

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
backtest.register(app)
models.register(app)
signals.register(app)
briefs.register(app)
evidence.register(app)
delivery.register(app)
site.register(app)
system.register(app)
app.add_typer(taxonomies.app, name="taxonomy")
app.add_typer(review.app, name="review")
app.add_typer(ledger.app, name="ledger")


def main() -> None:
    """Entry point: errors of our own become one line and an exit code, never a traceback."""
    # Records are many and hold no cycles: looking for some after every 700 of them took a quarter of a brief's time.
    gc.set_threshold(10_000, 20, 50)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for library in ("alembic", "fontTools", "httpx"):
        # Their every step would drown what an operator looks for.
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        app()
    except SystemExit as end:
        # Typer makes this of Ctrl-C, silently.
        if end.code == INTERRUPTED:
            _tell("interrupted; run the same command again to carry on")
        raise
    except HorizonError as error:
        _tell(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # The machine's fault, not a mistake of ours: a full disk, a folder without rights, a file that has gone.
        _tell(f"{error}; make room or mend the rights, then run the same command again")
        sys.exit(3)


def _tell(message: str) -> None:
    print("horizon:", " ".join(message.split()), file=sys.stderr)
