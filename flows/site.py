"""The archive site from what a data folder holds: issues, items and the licences of their sources."""

from dataclasses import dataclass
from pathlib import Path

from flows.workspace import Workspace


@dataclass(frozen=True)
class SiteReport:
    """What was written."""

    folder: Path
    issues: int
    older: int
    """Issues whose document is of another version: their files alone are there."""
    items: int
    files: int


def write_site(work: Workspace, out: Path, address: str | None = None) -> SiteReport:
    """Build the site of all issues and put it in the place of the one that stood at `out`.

    `address` is where it will stand, for the links of its feeds; without it they are relative.
    """
    from reports.site.archive import read_archive
    from reports.site.items import read_items
    from reports.site.pages import site_files
    from reports.site.publish import publish
    from scrapers.source import list_sources, load_source

    archive = read_archive(work.briefs)
    items = read_items(work.store, archive)
    licences = {source: load_source(source).licence.id for source in list_sources()}
    files = site_files(archive, work.taxonomy, items, licences, work.settings.font_dir, address)
    publish(files, out)
    return SiteReport(out, len(archive.issues), len(archive.older), len(items), len(files))
