"""Europe PMC's query language, as far as the crawler speaks it: fields with words, phrases and ranges; AND, OR, NOT.

Syntax: https://europepmc.org/searchsyntax.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from scrapers.replay.criteria import AllOf, AnyOf, Criterion, Not, Phrase, Where

_TOKEN = re.compile(r'\s*(\(|\)|(?:(\w+):)?(?:"([^"]*)"|\[(\S+)\s+TO\s+(\S+)\]|([^\s()":]+)))')
_WORD = re.compile(r"\w+")


class QueryError(Exception):
    """A query that the service would not understand."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a query sees of a record."""

    title_abs: str
    """Words of title and abstract in lower case, single blanks between and around them."""
    source: str
    indexed: str
    published: str


Test = Criterion[Searched]


def words_of(text: str) -> str:
    """Text as it is compared: words in lower case, whatever stood between them a blank."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    field: str = ""
    phrase: str | None = None
    low: str | None = None
    high: str | None = None


def read_query(query: str) -> Test:
    """The test that a record must pass. Raises QueryError for what is no query."""
    reader = _Reader(list(_tokens(query)))
    test = reader.any_of()
    if reader.left:
        raise QueryError(f"unexpected {reader.left[0].text!r}")
    return test


def indexed_range(query: str, field: str = "FIRST_IDATE") -> tuple[str, str] | None:
    """Days of the first range over a date; it narrows a search, the test decides."""
    ranges = ((t.low, t.high) for t in _tokens(query) if t.field == field and t.low is not None and t.high is not None)
    return next(ranges, None)


def _tokens(query: str) -> Iterator[_Token]:
    place = 0
    query = query.strip()
    while place < len(query):
        match = _TOKEN.match(query, place)
        if match is None:
            raise QueryError(f"unreadable at {query[place : place + 20]!r}")
        whole, field, phrase, low, high, word = match.groups()
        yield _Token(whole, (field or "").upper(), phrase if phrase is not None else word, low, high)
        place = match.end()


class _Reader:
    """Recursive descent; OR binds loosest."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.left = tokens

    def any_of(self) -> Test:
        tests = [self._all_of()]
        while self._take("OR"):
            tests.append(self._all_of())
        return AnyOf(tuple(tests))

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self._take("AND") or (self.left and self.left[0].text not in (")", "OR")):
            tests.append(self._one())
        return AllOf(tuple(tests))

    def _one(self) -> Test:
        if not self.left:
            raise QueryError("the query ends too early")
        if self._take("NOT"):
            return Not(self._one())
        if self._take("("):
            test = self.any_of()
            if not self._take(")"):
                raise QueryError("a bracket is not closed")
            return test
        token = self.left.pop(0)
        if token.text in (")", "AND", "OR"):
            raise QueryError(f"unexpected {token.text}")
        return _test_of(token)

    def _take(self, text: str) -> bool:
        if self.left and self.left[0].text == text and not self.left[0].field:
            self.left.pop(0)
            return True
        return False


def _test_of(token: _Token) -> Test:
    low, high = token.low, token.high
    if low is not None and high is not None:
        if token.field == "FIRST_IDATE":
            return Where(lambda record: low <= record.indexed <= high)
        if token.field == "FIRST_PDATE":
            return Where(lambda record: low <= record.published <= high)
        raise QueryError(f"no range over {token.field or 'nothing'}")
    wanted = token.phrase or ""
    if token.field == "SRC":
        return Where(lambda record: record.source == wanted.upper())
    if token.field in ("", "TITLE_ABS"):
        return Phrase("title_abs", attrgetter("title_abs"), words_of(wanted))
    raise QueryError(f"unknown field {token.field}")
