"""What stands behind the words of a brief: every number with its query, found by walking the document.

Nothing here knows a section. A statement is known by its own words, a row or an item by what it is called, so that a
rendering may put the proof beside whatever shows them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from reports.facts import Figure, FigureParam, ListParam, Statement, Text
from reports.language import Language
from reports.view import View, displayable, shorten

MOST_IDS = 5
"""Of a figure's ids shown; all of them stand in brief.json."""
_SHORTEST_CLAIM = 12
"""Characters: a shorter statement within a longer text may be there by chance."""
_NAMES = ("area", "title", "term", "name", "source", "id", "series")
"""Fields that tell what a record is about, the first that it has."""


@dataclass(frozen=True)
class Proof:
    """One number as a reader may check it."""

    what: str
    value: str
    interval: str | None
    query: str
    ids: tuple[str, ...]
    more: int
    """How many ids are left out."""


@dataclass(frozen=True)
class Group:
    """All numbers of one record."""

    anchor: str
    """Shared by the records about the same thing, for example an area in each of its sources."""
    name: str
    detail: str
    """What tells it from the others of its anchor: the source."""
    proofs: tuple[Proof, ...]


@dataclass(frozen=True)
class Proofs:
    claims: Mapping[str, tuple[Proof, ...]] = field(default_factory=dict)
    """By the words of the statement."""
    groups: tuple[Group, ...] = ()

    def of(self, texts: tuple[str, ...]) -> tuple[Proof, ...]:
        """Behind the texts that are a statement each, or hold some."""
        found: dict[Proof, None] = {}
        for text in texts:
            for claim in [text] if text in self.claims else self._within(text):
                found |= dict.fromkeys(self.claims[claim])
        return tuple(found)

    def _within(self, text: str) -> list[str]:
        return [claim for claim in self.claims if len(claim) >= _SHORTEST_CLAIM and claim in text]

    def named(self) -> dict[str, list[Group]]:
        """Groups by anchor, in the document's order."""
        by_anchor: dict[str, list[Group]] = {}
        for group in self.groups:
            by_anchor.setdefault(group.anchor, []).append(group)
        return by_anchor

    def link(self, text: str) -> str | None:
        """Where the numbers of what has this name stand."""
        return next((f"#{group.anchor}" for group in self.groups if text and text == group.name), None)


def proofs_of(view: View) -> Proofs:
    """Every statement's and every record's numbers in the view's language."""
    claims = {
        view.say(statement): proofs
        for statement in _statements(view.brief)
        if (proofs := tuple(_proof(view.language, name, figure) for name, figure in _params(statement)))
    }
    return Proofs(claims, tuple(_numbered(_groups(view, view.brief))))


def _numbered(groups: Iterator[tuple[str, str, tuple[Proof, ...]]]) -> Iterator[Group]:
    anchors: dict[str, str] = {}
    for name, detail, proofs in groups:
        anchor = anchors.setdefault(name, f"n{len(anchors) + 1}")
        yield Group(anchor, name, detail, proofs)


def _children(value: object) -> Iterator[tuple[str, object]]:
    """Fields of a record; the members of a collection under no name of their own."""
    if isinstance(value, BaseModel):
        yield from ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, dict):
        # In the order of brief.json: the page is the same from the document as from the facts in memory.
        yield from ((str(key), each) for key, each in sorted(value.items()))
    elif isinstance(value, tuple):
        yield from (("", each) for each in value)


def _statements(value: object) -> Iterator[Statement]:
    if isinstance(value, Statement):
        yield value
        return
    for _, child in _children(value):
        yield from _statements(child)


def _params(statement: Statement) -> Iterator[tuple[str, Figure]]:
    for name, param in sorted(statement.params.items()):
        if isinstance(param, FigureParam):
            yield name, param.figure
        elif isinstance(param, ListParam):
            for part in param.parts:
                yield from _params(part)


def _groups(view: View, value: object) -> Iterator[tuple[str, str, tuple[Proof, ...]]]:
    """Records that have numbers of their own, outermost first."""
    if isinstance(value, Statement | Figure):
        return
    children = list(_children(value))
    if isinstance(value, BaseModel) and any(isinstance(child, Figure) for _, child in children):
        name, detail = _called(view, value)
        figures = tuple(_proof(view.language, path, figure) for path, figure in _figures(value, ""))
        yield name, detail, figures
        return
    for _, child in children:
        yield from _groups(view, child)


def _figures(value: object, path: str) -> Iterator[tuple[str, Figure]]:
    for name, child in _children(value):
        if isinstance(child, Figure):
            yield f"{path}.{name}" if path and name else name or path, child
        elif not isinstance(child, Statement):
            yield from _figures(child, name or path)


def _called(view: View, record: BaseModel) -> tuple[str, str]:
    """A record's name as the page shows it, and its source where it has one."""
    told = {name: getattr(record, name) for name in _NAMES if getattr(record, name, None)}
    source = view.source_name(told["source"]) if "source" in told else ""
    if "title" in told and "id" in told:
        # An item's own id says it best; the area stands in the query.
        return displayable(str(told["id"])), source
    key = next(iter(told), "")
    value = told.get(key)
    if key == "area":
        names = {each.area: view.name(each.name) for each in view.brief.coverage}
        return names.get(str(value), str(value)), source
    if isinstance(value, Text):
        return view.name(value), "" if source == view.name(value) else source
    return (source, "") if key == "source" else (displayable(str(value or type(record).__name__)), source)


def _proof(words: Language, name: str, figure: Figure) -> Proof:
    args = ", ".join(f"{key}={_short(value)}" for key, value in sorted(figure.query.args.items()))
    return Proof(
        what=field_word(words, name),
        value=words.number(figure),
        interval=None if figure.low is None else words.interval(figure),
        query=displayable(f"{figure.query.kind}({args})"),
        ids=tuple(map(displayable, figure.ids[:MOST_IDS])),
        more=max(0, len(figure.ids) - MOST_IDS),
    )


def _short(value: str) -> str:
    return shorten(value, 120, " …")


def field_word(words: Language, name: str) -> str:
    """What a field is called in a list of numbers, with or without the one it is within; else its own name."""
    table = words.words["fields"]
    return next((str(table[key]) for key in (name, name.rpartition(".")[2]) if key in table), name)
