"""Checking a brief against the store: every number again, every quote letter for letter, every link by its id."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from horizon.errors import ParseError
from horizon.records import Item
from reports.build import build_brief
from reports.facts import Brief, Figure, ItemFact
from reports.inputs import BriefInputs, Known, index, run_hash
from reports.policy import link_is_allowed, link_of
from reports.read import BriefStore, read_inputs
from reports.render_json import render_json
from reports.trace import resolve
from taxonomy.load import Taxonomy


@dataclass(frozen=True)
class Mismatch:
    """One place where the brief and the store differ."""

    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, found {self.found}"


def verify_brief(brief_json: Path, store: BriefStore, taxonomy: Taxonomy) -> list[Mismatch]:
    """All mismatches of a brief.json, in the order of the document; none when everything holds.

    Raises ParseError when the file is not JSON at all.
    """
    data = _read(brief_json)
    plain = _json(data, brief_json)
    try:
        brief = Brief.model_validate(plain)
    except ValidationError as error:
        return [Mismatch(_dotted(each["loc"]), each["msg"], _short(each["input"])) for each in error.errors()]
    header = brief.header
    if taxonomy.version != header.taxonomy:
        return [Mismatch("header.taxonomy", f"{taxonomy.version} (the taxonomy given)", header.taxonomy)]
    inputs = _inputs(brief, store, taxonomy)
    found = list(_figures(brief, index(inputs)))
    found += _items(brief, store.items([item.id for item in brief.items], as_of=header.cut_off))
    found += _ids(brief, store)
    seen = {mismatch.path for mismatch in found}
    found += [each for each in _rebuilt(plain, inputs) if not any(each.path.startswith(path) for path in seen)]
    if not found and data != render_json(brief):
        found.append(Mismatch("(file)", "the canonical bytes of its facts", "other bytes of equal facts"))
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ParseError(f"expected a readable brief.json, found: {error}; name the file of an issue") from None


def _json(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"expected JSON in {path.name}, found: {error}; is it a brief.json?") from None


def _inputs(brief: Brief, store: BriefStore, taxonomy: Taxonomy) -> BriefInputs:
    header = brief.header
    return read_inputs(
        store,
        taxonomy,
        header.week,
        header.model,
        header.cut_off,
        world=header.world,
        run_id=header.run_id,
        code=header.code,
        sources=header.sources,
        disabled=header.disabled,
        incomplete_weeks={row.source: int(row.incomplete_weeks.value or 0) for row in brief.sources},
    )


def figures(value: Any, path: str = "") -> Iterator[tuple[str, Figure]]:
    """Every figure of a document with its path."""
    if isinstance(value, Figure):
        yield path, value
    elif isinstance(value, tuple | list):
        for position, each in enumerate(value):
            yield from figures(each, f"{path}[{position}]")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from figures(each, f"{path}.{key}")
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from figures(getattr(value, name), f"{path}.{name}" if path else name)


def _figures(brief: Brief, known: Known) -> Iterator[Mismatch]:
    for path, figure in figures(brief):
        try:
            answers = resolve(known, figure.query)
        except (KeyError, ValueError, AttributeError) as error:
            yield Mismatch(f"{path}.query", "a query that can be answered", f"{figure.query.args} ({error!r})")
            continue
        for name, answer in zip(("value", "low", "high"), answers, strict=True):
            if getattr(figure, name) != answer:
                yield Mismatch(f"{path}.{name}", str(answer), str(getattr(figure, name)))


def _items(brief: Brief, stored: dict[str, Item]) -> Iterator[Mismatch]:
    for position, fact in enumerate(brief.items):
        path, item = f"items[{position}]", stored.get(fact.id)
        if item is None:
            yield Mismatch(f"{path}.id", "an item of the store", fact.id)
            continue
        if item.title != fact.title:
            yield Mismatch(f"{path}.title", _short(item.title), _short(fact.title))
        yield from _quotes(path, fact, item)
        yield from _link(path, fact, brief)


def _quotes(path: str, fact: ItemFact, item: Item) -> Iterator[Mismatch]:
    for position, reason in enumerate(fact.reasons):
        if reason.quote is None:
            continue
        quote = reason.quote
        text = item.title if quote.field == "title" else item.abstract or ""
        if text[quote.start : quote.end] != quote.text:
            place = f"{path}.reasons[{position}].quote"
            yield Mismatch(place, _short(text[quote.start : quote.end]), _short(quote.text))


def _link(path: str, fact: ItemFact, brief: Brief) -> Iterator[Mismatch]:
    expected = link_of(fact.id, brief.header.world)
    if fact.link != expected or (fact.link is not None and not link_is_allowed(fact.source, fact.link)):
        yield Mismatch(f"{path}.link", str(expected), str(fact.link))


def _ids(brief: Brief, store: BriefStore) -> Iterator[Mismatch]:
    """Ids behind a count: all of the store, and as many as the count says."""
    named = {item_id for _, figure in figures(brief) for item_id in figure.ids}
    missing = named - store.items(sorted(named), as_of=brief.header.cut_off).keys()
    for path, figure in figures(brief):
        for item_id in sorted(missing & set(figure.ids)):
            yield Mismatch(f"{path}.ids", "items of the store", item_id)
    for position, row in enumerate(brief.areas):
        if row.n_week.value is not None and len(row.n_week.ids) != row.n_week.value:
            yield Mismatch(f"areas[{position}].n_week.ids", f"{row.n_week.value:g} ids", f"{len(row.n_week.ids)} ids")


def _rebuilt(plain: Any, inputs: BriefInputs) -> Iterator[Mismatch]:
    """What differs from the brief that the store gives today for the same instant."""
    again = json.loads(render_json(build_brief(inputs)))
    if plain["header"]["run_hash"] != run_hash(inputs):
        yield Mismatch("header.run_hash", run_hash(inputs), plain["header"]["run_hash"])
        again["header"]["run_hash"] = plain["header"]["run_hash"]
    yield from differences(again, plain)


def differences(expected: Any, found: Any, path: str = "") -> Iterator[Mismatch]:
    """Leaves in which two JSON trees differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            place = f"{path}.{key}" if path else key
            yield from differences(expected.get(key), found.get(key), place)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for position, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{path}[{position}]")
    elif expected != found:
        yield Mismatch(path, _short(expected), _short(found))


def _dotted(place: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or "(file)"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
