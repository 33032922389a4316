"""arXiv's query API over a world: Atom, with its limits, its error entries and, on request, its false emptiness.

Shapes after the recorded answers of https://github.com/lukasschwab/arxiv.py (tests/fixtures); rules from
feeds-arxiv-lifescience.md sections 2.1 and 4.
"""

import hashlib
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

from scrapers.replay.arxiv_records import attribute_of, split_author, tex_to_unicode, text_of
from scrapers.replay.arxiv_search import BadQuery, compile_query, first_submission
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.world import Paper, View

Trick = Literal[
    "right",  # nothing goes wrong
    "no_hits",  # status 200 and totalResults 0 for a question that has hits
    "empty_page",  # the right total and no entry
    "short_page",  # half of the entries
    "old_error",  # an error entry with status 200
    "throttled",  # 429 `Rate exceeded.` without Retry-After
]
_MOST_A_PAGE, _MOST_AT_ALL = 2_000, 30_000
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?")
_SORTS = ("relevance", "lastUpdatedDate", "submittedDate")
_ORDERS = ("ascending", "descending")
_THROTTLED = Response(429, b"Rate exceeded.", {"Content-Type": "text/plain"})


class _Bad(Exception):
    """A question that is answered by an error entry."""

    def __init__(self, anchor: str, text: str) -> None:
        super().__init__(text)
        self.anchor = anchor


@dataclass
class ArxivQuery:
    """The service at `/arxiv/api/query`. `tricks` are played on the coming requests, one each, in the order given."""

    deepest: int = 10_000
    """Pages beyond so many hits are empty, whatever the total says."""
    tricks: list[Trick] = field(default_factory=list)
    paths: tuple[str, ...] = ("/arxiv/api/query",)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _found: tuple[View, str, list[Paper]] | None = field(default=None, repr=False)

    def answer(self, request: Request, stage: Stage) -> Response:
        with self._lock:
            trick = self.tricks.pop(0) if self.tricks else "right"
            if trick == "throttled":
                return _THROTTLED
            try:
                if trick == "old_error":
                    raise _Bad("internal", "SIMULATED: an error that older servers sent with status 200")
                return self._answer(dict(reversed(request.params)), request, stage.view, trick)
            except _Bad as bad:
                return _error(bad, stage.now, 200 if trick == "old_error" else 400)

    def _answer(self, params: dict[str, str], request: Request, view: View, trick: Trick) -> Response:
        start, size = _read_count(params, "start", 0), _read_count(params, "max_results", 10)
        if size > _MOST_A_PAGE or start + size > _MOST_AT_ALL:
            raise _Bad("max_results", f"max_results must be at most {_MOST_A_PAGE}, and {_MOST_AT_ALL} with start")
        hits = self._hits(params, view)
        shown = hits[start : min(start + size, self.deepest)]
        total = len(hits)
        if trick in ("no_hits", "empty_page"):
            shown, total = [], 0 if trick == "no_hits" else total
        elif trick == "short_page":
            shown = shown[: (len(shown) + 1) // 2]
        title = "arXiv Query: " + "&".join(f"{k}={v}" for k, v in params.items())
        head = _head(title, f"{request.base}{request.path}?{request.query}", view.now, size, total, start)
        return _response(head + "".join(map(_entry, shown)) + "</feed>\n", 200)

    def _hits(self, params: dict[str, str], view: View) -> list[Paper]:
        """All hits in the order asked for; the last question's are remembered, for its next page."""
        sort, order = params.get("sortBy", "relevance"), params.get("sortOrder", "descending")
        if sort not in _SORTS or order not in _ORDERS:
            raise _Bad("sortBy", f"sortBy must be in: {', '.join(_SORTS)}, sortOrder in: {', '.join(_ORDERS)}")
        key = "\n".join((params.get("search_query", ""), params.get("id_list", ""), sort, order))
        if self._found is None or self._found[0] is not view or self._found[1] != key:
            self._found = (view, key, _sorted(_select(params, view), sort, order))
        return self._found[2]


def _select(params: dict[str, str], view: View) -> list[Paper]:
    asked, listed = params.get("search_query", ""), params.get("id_list", "")
    papers = _listed(listed, view) if listed else None
    if not asked:
        return papers or []
    try:
        test, since = compile_query(asked), first_submission(asked)
    except BadQuery as bad:
        raise _Bad("search_query", f"incorrect query: {bad}") from None
    if papers is None:
        # A version is announced after the first was submitted.
        low = 0 if since is None else int(np.searchsorted(view.modified, int(since.timestamp())))
        papers = view.world.describe(view.events[low:])
    return [paper for paper in papers if test(paper)]


def _listed(text: str, view: View) -> list[Paper]:
    events = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        match = _ID.fullmatch(word)
        if match is None:
            raise _Bad(f"incorrect_id_format_for_{word}", f"incorrect id format for {word}")
        found = view.find(match[1])
        if found is not None:
            events.append(found[0])
    return view.world.describe(events)


def _sorted(papers: list[Paper], sort: str, order: str) -> list[Paper]:
    if sort == "relevance":
        return papers
    which = -1 if sort == "lastUpdatedDate" else 0
    papers.sort(key=lambda paper: (paper.versions[which].submitted, paper.id), reverse=order == "descending")
    return papers


def _read_count(params: dict[str, str], name: str, default: int) -> int:
    text = params.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise _Bad(f"{name}_must_be_non-negative", f"{name} must be a non-negative integer")
    return int(text)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _head(title: str, url: str, now: datetime, size: int, total: int, start: int) -> str:
    mark = hashlib.sha256(url.encode()).hexdigest()[:27]
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns="http://www.w3.org/2005/Atom">\n'
        f"  <id>https://arxiv.org/api/{mark}</id>\n  <title>{text_of(title)}</title>\n"
        f"  <updated>{_moment(now)}</updated>\n"
        f'  <link href="{attribute_of(url)}" type="application/atom+xml"/>\n'
        f"  <opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>\n"
        f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n"
    )


def _optional(name: str, value: str | None) -> str:
    return f"    <arxiv:{name}>{text_of(value)}</arxiv:{name}>\n" if value else ""


def _author(name: str) -> str:
    key, forenames, suffix = split_author(name)
    full = " ".join(filter(None, (forenames, key, suffix)))
    return f"    <author>\n      <name>{text_of(full)}</name>\n    </author>\n"


def _entry(paper: Paper) -> str:
    newest = paper.versions[-1]
    page = f"{paper.id}v{newest.number}"
    names = re.split(r",\s*(?:and\s+)?|\s+and\s+", re.sub(r"\([^()]*\)", "", paper.authors))
    doi = (
        f'    <link rel="related" href="https://doi.org/{attribute_of(paper.doi)}" title="doi"/>\n' if paper.doi else ""
    )
    categories = paper.categories.split()
    return (
        f"  <entry>\n    <id>http://arxiv.org/abs/{page}</id>\n"
        f"    <title>{text_of(tex_to_unicode(paper.title))}</title>\n"
        f"    <updated>{_moment(newest.submitted)}</updated>\n"
        f'    <link href="https://arxiv.org/abs/{page}" rel="alternate" type="text/html"/>\n'
        f'    <link href="https://arxiv.org/pdf/{page}" rel="related" type="application/pdf" title="pdf"/>\n{doi}'
        f"    <summary>{text_of(tex_to_unicode(paper.abstract or ''))}</summary>\n"
        + "".join(f'    <category term="{name}" scheme="http://arxiv.org/schemas/atom"/>\n' for name in categories)
        + f"    <published>{_moment(paper.versions[0].submitted)}</published>\n"
        f"{_optional('comment', paper.comments)}{_optional('journal_ref', paper.journal_ref)}"
        f'    <arxiv:primary_category term="{categories[0]}"/>\n{_optional("doi", paper.doi)}'
        f"{''.join(_author(name) for name in names if name.strip())}  </entry>\n"
    )


def _error(bad: _Bad, now: datetime, status: int) -> Response:
    link = text_of(f"https://arxiv.org/api/errors#{bad.anchor}")
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns="http://www.w3.org/2005/Atom">\n  <id>https://arxiv.org/</id>\n  <title>arXiv Search Results</title>\n'
        f"  <updated>{_moment(now)}</updated>\n  <opensearch:itemsPerPage>1</opensearch:itemsPerPage>\n"
        "  <opensearch:totalResults>1</opensearch:totalResults>\n  <opensearch:startIndex>0</opensearch:startIndex>\n"
        f"  <entry>\n    <id>{link}</id>\n    <title>Error</title>\n    <updated>{_moment(now)}</updated>\n"
        f'    <link href="{link}" rel="alternate" type="text/html"/>\n    <summary>{text_of(str(bad))}</summary>\n'
        "    <author>\n      <name>arXiv api core</name>\n    </author>\n  </entry>\n</feed>\n"
    )
    return _response(body, status)


def _response(body: str, status: int) -> Response:
    return Response(status, body.encode(), {"Content-Type": "application/atom+xml; charset=UTF-8"})
