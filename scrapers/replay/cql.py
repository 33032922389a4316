"""The part of OPS's query language that its clients use: indexes, `within`, `=/low`, and, or, not, parentheses.

Booleans have one precedence and are read from left to right (https://www.loc.gov/standards/sru/cql/contextSets/).
"""

import re
from datetime import date, datetime
from operator import attrgetter

from scrapers.replay.criteria import AllOf, AnyOf, Criterion, Keyed, Not, Phrase, Where
from scrapers.replay.patents import Patent, words_of

Test = Criterion[Patent]
_TOKEN = re.compile(r'\s*(?:([()])|"([^"]*)"|([^\s()"]+))')


class CqlError(Exception):
    """A query that the service does not take."""


def _tokens(query: str) -> list[str]:
    """Parentheses, words, and quoted text with a mark before it."""
    found, place = [], 0
    while query[place:].strip():
        match = _TOKEN.match(query, place)
        if match is None:
            raise CqlError(f"unexpected character at {place}")
        found.append(match[1] or (match[3] if match[3] is not None else f'"{match[2]}'))
        place = match.end()
    return found


class Query:
    """A query that was read: `days` bounds the publication dates, `test` decides on one publication."""

    def __init__(self, text: str) -> None:
        self._rest = [part for token in _tokens(text) for part in _divide(token)]
        self.days: tuple[date, date] | None = None
        self.test = self._expression()
        if self._rest:
            raise CqlError(f"unexpected {self._rest[0]!r}")

    def _next(self) -> str:
        if not self._rest:
            raise CqlError("unexpected end of the query")
        return self._rest.pop(0)

    def _expression(self) -> Test:
        left = self._term()
        while self._rest and self._rest[0].lower() in ("and", "or", "not"):
            left = _joined(self._next().lower(), left, self._term())
        return left

    def _term(self) -> Test:
        first = self._next()
        if first == "(":
            inner = self._expression()
            if self._next() != ")":
                raise CqlError("a parenthesis is not closed")
            return inner
        relation, value = self._next().lower(), self._next().removeprefix('"')
        return self._clause(first.lower(), relation, value)

    def _clause(self, index: str, relation: str, value: str) -> Test:
        match index, relation:
            case "pd", "within":
                return self._within(value)
            case "pn", "=":
                beginning = value.rstrip("*").upper()
                return Where(lambda patent: (patent.office + patent.number).startswith(beginning))
            case "cpc", "=/low":
                return Keyed("cpc", attrgetter("cpc"), lambda symbol: _is_below(symbol, value))
            case "ti", "=":
                return Phrase("ti", attrgetter("title_words"), words_of(value))
            case "ta", "=":
                return Phrase("ta", attrgetter("all_words"), words_of(value))
            case "ab", "=":
                return Phrase("ab", lambda patent: patent.all_words.partition("|")[2], words_of(value))
        raise CqlError(f"{index} {relation} is not understood")

    def _within(self, value: str) -> Test:
        try:
            first, last = (datetime.strptime(day, "%Y%m%d").date() for day in value.split())  # noqa: DTZ007
        except ValueError:
            raise CqlError(f"expected two days, found {value!r}") from None
        self.days = (first, last)
        return Where(lambda patent: first <= patent.day <= last)


def _divide(token: str) -> list[str]:
    """`pn=CN12*` and `ta=` before a quoted text into index, relation and value."""
    if token.startswith('"') or "=" not in token:
        return [token]
    index, _, value = token.partition("=")
    relation = "=/low" if value == "/low" else "="
    return [index, relation] if value in ("", "/low") else [index, relation, value]


def _joined(word: str, left: Test, right: Test) -> Test:
    if word == "or":
        # One flat row of alternatives, not as many levels as a query has phrases.
        return AnyOf((*left.parts, right) if isinstance(left, AnyOf) else (left, right))
    return AllOf((left, right if word == "and" else Not(right)))


def _is_below(symbol: str, top: str) -> bool:
    """Whether a symbol is in the sub-tree; here by its beginning, with `/00` for the main group."""
    if top.endswith("/00"):
        return symbol.startswith(top[:-2])
    return symbol.startswith(top)
