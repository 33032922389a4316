"""Checking a brief against the store: every number again, every quote letter for letter, every link by its id."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from horizon.errors import ParseError
from horizon.records import Item
from reports.build import build_brief
from reports.facts import SCHEMA_VERSION, Brief, Figure, Header, ItemFact, SourceProfile
from reports.findings import Findings
from reports.inputs import BriefInputs, Edition, Known, index, run_hash
from reports.parity import disparities
from reports.policy import link_of
from reports.quotes import page_references, quotes_of, words_at
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


def verify_brief(
    brief_json: Path,
    store: BriefStore,
    taxonomy: Taxonomy,
    profiles: Sequence[SourceProfile] = (),
    find: Callable[[Header], Findings] | None = None,
    release: str | None = None,
) -> list[Mismatch]:
    """All mismatches of a brief.json, in the order of the document; none when everything holds.

    The brief tells its own world, sources and score rules, so that it can be verified wherever its store is. `profiles`
    are what the sources' files say now: a brief that trusts a source more, or links to other hosts, is named. `find`
    reckons again what lies beside labels and scores (`flows.findings`), for a brief of such a header. `release` is the
    one that verifies: where a brief of another does not hold, that is told too, for its rules may be what changed.
    Raises ParseError when the file is not JSON at all.
    """
    data = _read(brief_json)
    plain = _json(data, brief_json)
    if isinstance(plain, dict) and plain.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        given = f"version {_short(plain['schema_version'])}; verify it with the release that wrote it"
        return [Mismatch("schema_version", f"a document of version {SCHEMA_VERSION}", given)]
    try:
        brief = Brief.model_validate(plain)
    except ValidationError as error:
        return [Mismatch(_dotted(each["loc"]), each["msg"], _short(each["input"])) for each in error.errors()]
    header = brief.header
    if taxonomy.version != header.taxonomy:
        needed = f"the taxonomy of the brief, version {header.taxonomy}"
        given = f"version {taxonomy.version}; check out or restore the areas of {header.taxonomy} and verify again"
        return [Mismatch("header.taxonomy", needed, given)]
    inputs = _inputs(brief, store, taxonomy, Findings() if find is None else find(header))
    found = list(_figures(brief, index(inputs)))
    shown = [name for item in brief.items for name in (item.id, *(version.id for version in item.also))]
    found += _items(brief, store.items(shown, as_of=header.cut_off))
    found += _page_items(brief, store)
    found += _ids(brief, store)
    found += _profiles(brief, profiles)
    seen = {mismatch.path for mismatch in found}
    found += [each for each in _rebuilt(plain, inputs) if not any(each.path.startswith(path) for path in seen)]
    if not found:
        # Facts that do not hold cannot be put into words with any certainty.
        found += [Mismatch(*each) for each in disparities(brief)]
    if not found and data != render_json(brief):
        found.append(Mismatch("(file)", "the canonical bytes of its facts", "other bytes of equal facts"))
    if found and release is not None and header.code != release:
        given = f"release {header.code}; its rules may be what differs, so verify it with that release too"
        found.append(Mismatch("header.code", f"a brief of release {release}", given))
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


def _inputs(brief: Brief, store: BriefStore, taxonomy: Taxonomy, findings: Findings) -> BriefInputs:
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
        profiles=[row.profile for row in brief.sources],
        score_rules=header.score_rules,
        findings=findings,
        edition=Edition(header.kind, header.area),
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
        # In the order of brief.json, whatever order the document was built in.
        for key, each in sorted(value.items()):
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
        yield from _link(f"{path}.link", fact.link, item, brief)
        for number, version in enumerate(fact.also):
            place, other = f"{path}.also[{number}]", stored.get(version.id)
            if other is None:
                yield Mismatch(f"{place}.id", "an item of the store", version.id)
            else:
                yield from _link(f"{place}.link", version.link, other, brief)


def _quotes(path: str, fact: ItemFact, item: Item) -> Iterator[Mismatch]:
    for position, reason in enumerate(fact.reasons):
        if reason.quote is None:
            continue
        quote = reason.quote
        text = item.title if quote.field == "title" else item.abstract or ""
        if text[quote.start : quote.end] != quote.text:
            place = f"{path}.reasons[{position}].quote"
            yield Mismatch(place, _short(text[quote.start : quote.end]), _short(quote.text))


def _link(path: str, found: str | None, item: Item, brief: Brief) -> Iterator[Mismatch]:
    """A link is the one that the item and the hosts of its source give."""
    profiles = {row.source: row.profile for row in brief.sources}
    hosts = profiles[item.source].link_hosts if item.source in profiles else ()
    expected = link_of(item, hosts, brief.header.world)
    if found != expected:
        yield Mismatch(path, str(expected), str(found))


def _page_items(brief: Brief, store: BriefStore) -> Iterator[Mismatch]:
    """Words and titles on area pages stand in their items letter for letter, and links go where they must."""
    told = list(page_references(brief))
    items = store.items({each.id for _, each in told}, as_of=brief.header.cut_off)
    for path, each in told:
        item = items.get(each.id)
        if item is None:
            yield Mismatch(f"{path}.id", "an item of the store", each.id)
            continue
        if item.title != each.title:
            yield Mismatch(f"{path}.title", _short(item.title), _short(each.title))
        yield from _link(f"{path}.link", each.link, item, brief)
    for path, item_id, quote in quotes_of(brief):
        words = words_at(items, item_id, quote)
        if path.startswith("pages") and words is not None and words != quote.text:
            yield Mismatch(path, _short(words), _short(quote.text))


def _ids(brief: Brief, store: BriefStore) -> Iterator[Mismatch]:
    """Ids behind a count: all of the store, and as many as the count says."""
    named = {item_id for _, figure in figures(brief) for item_id in figure.ids}
    missing = named - store.items(sorted(named), as_of=brief.header.cut_off).keys()
    for path, figure in figures(brief):
        for item_id in sorted(missing & set(figure.ids)):
            yield Mismatch(f"{path}.ids", "items of the store", item_id)
    for position, row in enumerate(brief.areas):
        for name in ("n_week", "late", "utility_week"):
            counted = getattr(row, name)
            listed = counted is not None and counted.value is not None and brief.header.window_weeks == 1
            if listed and len(counted.ids) != counted.value:
                where = f"areas[{position}].{name}.ids"
                yield Mismatch(where, f"{counted.value:g} ids", f"{len(counted.ids)} ids")


def _profiles(brief: Brief, profiles: Sequence[SourceProfile]) -> Iterator[Mismatch]:
    """Trust and hosts as the sources' own files have them; names, ranks and groups may change with time."""
    told = {profile.source: profile for profile in profiles}
    for position, row in enumerate(brief.sources):
        for name in ("trust", "link_hosts"):
            known = told.get(row.source)
            if known is not None and getattr(row.profile, name) != getattr(known, name):
                where = f"sources[{position}].profile.{name}"
                yield Mismatch(where, _short(getattr(known, name)), _short(getattr(row.profile, name)))


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
