"""The verb that builds the archive site."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from horizon.cli.options import AsJson, DataDir, emit, open_existing
from horizon.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(site)


def site(
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the site (default: `site` in the data folder).")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option("--address", help="Where the site will stand (https://...), for links of its feeds."),
    ] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Build the static site of all issues: opens from a folder, zh and en, with search and Atom feeds."""
    from flows.site import write_site

    if address is not None and not (urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname):
        raise UsageError(f"expected an address such as https://briefs.example, found {address!r}")
    with open_existing(data) as work:
        report = write_site(work, out or work.settings.data_dir / "site", address)
    door = report.folder / "index.html"
    counts = {"issues": report.issues, "older": report.older, "items": report.items, "files": report.files}
    told = f"{report.issues} issues ({report.older} of another version), {report.items} items, {report.files} files"
    emit({"site": str(door), **counts}, as_json, f"{door}\n{told}")
