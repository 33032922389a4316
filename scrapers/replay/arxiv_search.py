"""The query language of arXiv's API, as far as a replayed world can answer it.

Fields ti au abs co jr cat rn id all, quoted phrases, `submittedDate:[a TO b]`, AND, OR, ANDNOT, parentheses; two terms
without an operator mean OR (https://info.arxiv.org/help/api/user-manual.html#query_details).
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from scrapers.replay.arxiv_records import tex_to_unicode
from scrapers.replay.world import Paper

Test = Callable[[Paper], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<operator>ANDNOT|AND|OR)(?![^\s()])"
    r'|(?P<field>[A-Za-z]+):\s*(?=[\["\w])|\[(?P<low>\d{8,14})\s+TO\s+(?P<high>\d{8,14})\]'
    r'|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"\[\]:]+))'
)
_FIELDS: dict[str, Callable[[Paper], str]] = {
    "ti": lambda paper: tex_to_unicode(paper.title),
    "au": lambda paper: tex_to_unicode(paper.authors),
    "abs": lambda paper: tex_to_unicode(paper.abstract or ""),
    "co": lambda paper: paper.comments or "",
    "jr": lambda paper: paper.journal_ref or "",
    "rn": lambda paper: paper.report_no or "",
    "id": lambda paper: paper.id,
}


class BadQuery(ValueError):
    """Not a query of this language."""


def compile_query(text: str) -> Test:
    """Whether a paper is a hit. Raises BadQuery."""
    tokens = [*_tokens(text), ("end", "")]
    test, place = _expression(tokens, 0)
    if tokens[place][0] != "end":
        raise BadQuery(f"unexpected {tokens[place][1] or tokens[place][0]}")
    return test


def first_submission(text: str) -> datetime | None:
    """The beginning of the only date range of a query, when every hit must lie in it: papers before need no look."""
    found = re.findall(r"submittedDate:\[(\d{8,14}) TO \d{8,14}\]$", text)
    sole = len(found) == 1 and (text.startswith("submittedDate") or " AND submittedDate:" in text)
    return _minute(found[0], False) if sole else None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, text = 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.end() == place:
            raise BadQuery(f"cannot read the query from {text[place : place + 30]!r}")
        place = match.end()
        kind = match.lastgroup or ""
        yield ("range", f"{match['low']} {match['high']}") if kind == "high" else (kind, match[kind])


def _expression(tokens: list[tuple[str, str]], place: int) -> tuple[Test, int]:
    left, place = _term(tokens, place)
    while tokens[place][0] not in ("end", "close"):
        operator = "OR"
        if tokens[place][0] == "operator":
            operator, place = tokens[place][1], place + 1
        right, place = _term(tokens, place)
        left = _join(operator, left, right)
    return left, place


def _join(operator: str, left: Test, right: Test) -> Test:
    if operator == "AND":
        return lambda paper: left(paper) and right(paper)
    if operator == "ANDNOT":
        return lambda paper: left(paper) and not right(paper)
    return lambda paper: left(paper) or right(paper)


def _term(tokens: list[tuple[str, str]], place: int) -> tuple[Test, int]:
    kind, value = tokens[place]
    if kind == "open":
        inner, place = _expression(tokens, place + 1)
        if tokens[place][0] != "close":
            raise BadQuery("a parenthesis is not closed")
        return inner, place + 1
    if kind == "field":
        target, content = tokens[place + 1]
        return _field(value, target, content), place + 2
    if kind in ("phrase", "word"):
        return _words("all", value), place + 1
    raise BadQuery(f"unexpected {value or kind}")


def _field(name: str, kind: str, value: str) -> Test:
    if name == "submittedDate" and kind == "range":
        low, high = value.split()
        first, last = _minute(low, False), _minute(high, True)
        return lambda paper: first <= paper.versions[0].submitted <= last
    if name == "cat" and kind in ("phrase", "word"):
        return lambda paper: _has_category(paper, value)
    if kind in ("phrase", "word") and (name == "all" or name in _FIELDS):
        return _words(name, value)
    raise BadQuery(f"unknown field {name}")


def _has_category(paper: Paper, wanted: str) -> bool:
    if wanted.endswith("*"):
        return any(category.startswith(wanted[:-1]) for category in paper.categories.split())
    return wanted in paper.categories.split()


def _words(name: str, value: str) -> Test:
    pattern = re.compile(rf"(?<!\w){re.escape(' '.join(value.split()))}(?!\w)", re.IGNORECASE)
    texts = tuple(_FIELDS.values()) if name == "all" else (_FIELDS[name],)
    return lambda paper: any(pattern.search(" ".join(text(paper).split())) for text in texts)


def _minute(text: str, end: bool) -> datetime:
    try:
        moment = datetime.strptime(text[:12].ljust(12, "0"), "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        raise BadQuery(f"unreadable date {text}") from None
    return moment + timedelta(seconds=59) if end else moment
