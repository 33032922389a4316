"""An analyst's own question to arXiv, and the fetching of single papers: kept in a folder, stored by nobody."""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import BaseModel

from flows.steps import Crawl, Window, crawl_folder
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.weeks import IsoWeek

SOURCE = "arxiv_query"


def ask(
    work: Workspace,
    window: Window,
    today: date,
    *,
    query: str = "",
    ids: Sequence[str] = (),
    out: Path | None = None,
    source: str = SOURCE,
) -> Crawl:
    """Search the window by a query in arXiv's own language, or fetch papers by id (the window is then today).

    The same question over the same window is answered from its folder. An empty answer is believed only after the
    source's waits. Raises UsageError for a source that takes no questions, for an empty query and for no id.
    """
    from scrapers.source import load_source

    asked = load_source(source)
    if asked.dialect != SOURCE:
        raise UsageError(f"expected the source {SOURCE} for --query and --ids, found {source!r}; the others take none")
    options = _options(source, query, ids)
    digest = hashlib.sha256(options.model_dump_json().encode()).hexdigest()[:12]
    if ids:
        window = Window(today, today, IsoWeek.of(today))
    name = f"{window.since}-to-{window.until}-{digest}"
    return crawl_folder(work, source, window, today, out or work.crawls / work.world / source / name, options)


def _options(source: str, query: str, ids: Sequence[str]) -> BaseModel:
    from scrapers.dialects.arxiv_query import Options, with_ids, with_query
    from scrapers.source import load_source

    wanted = [name.strip() for name in ids if name.strip()]
    if bool(query.strip()) == bool(wanted):
        raise UsageError('expected either --query (for example "all:tokamak AND cat:physics.plasm-ph") or --ids')
    loaded = load_source(source)
    return (with_ids(loaded, wanted) if wanted else with_query(loaded, query)).options_as(Options)
