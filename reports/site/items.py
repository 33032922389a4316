"""Why an item was labelled: what of its text may be shown, and the words in it that speak for its areas."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from horizon.records import Evidence, Item, Label
from reports.site.archive import Archive
from reports.view import displayable
from store.database import Store

QUOTE_WORDS = 25
"""Of a text under somebody's rights no quote is longer."""
MOST_QUOTES = 3
EVIDENCE_WORDS = 6
"""Of such a text's evidence, which is listed beside the quotes."""
_OPEN = re.compile(
    r"(^|[^a-z])(cc0|cc[- _]?by([- _]sa)?|us-public-domain)([- _]?\d(\.\d)?)?$"
    r"|creativecommons\.org/(licenses/by(-sa)?/|publicdomain/(zero|mark)/)",
)
"""Names and addresses of licences that let anyone show a text: not those that forbid business or changes."""
_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")
"""A word; a Chinese character counts as one."""


@dataclass(frozen=True)
class Piece:
    """Part of a text, marked where it speaks for an area."""

    text: str
    marked: bool


@dataclass(frozen=True)
class StoredItem:
    item: Item
    labels: tuple[Label, ...]


def read_items(store: Store, archive: Archive) -> dict[str, StoredItem]:
    """The items that issues tell of, each as the newest issue that tells of it knew it."""
    found: dict[str, StoredItem] = {}
    for _, brief in archive.told:
        header = brief.header
        ids = sorted({fact.id for fact in brief.items} - found.keys())
        labels: dict[str, list[Label]] = {}
        for label in store.labels(header.taxonomy, header.model, item_ids=ids, as_of=header.cut_off):
            labels.setdefault(label.item_id, []).append(label)
        for item_id, item in store.items(ids, as_of=header.cut_off).items():
            found[item_id] = StoredItem(item, tuple(labels.get(item_id, ())))
    return found


def is_open(licence: str | None) -> bool:
    """Whether a licence lets anyone show the text that is under it."""
    return licence is not None and _OPEN.search(licence.strip().lower()) is not None


def may_show_abstract(item: Item, licences: Mapping[str, str]) -> bool:
    """Whether the source offers its records openly, or the item's own licence is open."""
    return is_open(licences.get(item.source)) or is_open(item.licence)


def evidence_of(labels: Iterable[Label]) -> tuple[Evidence, ...]:
    """All evidence of the labels and of their routes, each once."""
    every = (each for label in labels for each in (*label.evidence, *(e for r in label.routes for e in r.evidence)))
    return tuple(dict.fromkeys(every))


def spans_of(evidence: Iterable[Evidence], field: str) -> list[tuple[int, int]]:
    """Places in a field that speak for an area, in order, overlapping ones joined."""
    found = sorted((e.start, e.end) for e in evidence if e.field == field and e.start is not None and e.end is not None)
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def pieces(text: str, spans: Collection[tuple[int, int]], first: int = 0, last: int | None = None) -> tuple[Piece, ...]:
    """`text[first:last]` cut at its spans; what a page must not hold is taken out."""
    last = len(text) if last is None else last
    edges = sorted({first, last, *(min(max(edge, first), last) for span in spans for edge in span)})
    cut = []
    for start, end in pairwise(edges):
        shown = _clean(text[start:end])
        if shown:
            cut.append(Piece(shown, any(low <= start and end <= high for low, high in spans)))
    return tuple(cut)


def _clean(text: str) -> str:
    """Displayable, with a space kept at either end."""
    return displayable(f"|{text}|")[1:-1]


def quotes(text: str, spans: Collection[tuple[int, int]]) -> tuple[tuple[Piece, ...], ...]:
    """At most MOST_QUOTES parts of a text around its spans, each of QUOTE_WORDS words at most, none overlapping."""
    words = [match.span() for match in _TOKEN.finditer(text)]
    made: list[tuple[Piece, ...]] = []
    after = 0
    for start, end in sorted(spans):
        inside = [at for at, (low, high) in enumerate(words) if high > start and low < end]
        if not inside or inside[0] < after or len(made) == MOST_QUOTES:
            continue
        room = max(0, QUOTE_WORDS - len(inside)) // 2
        first = max(after, inside[0] - room)
        last = min(len(words), first + QUOTE_WORDS, inside[-1] + 1 + room)
        made.append(pieces(text, spans, words[first][0], words[last - 1][1]))
        after = last
    return tuple(made)


def evidence_text(evidence: Evidence, whole: bool) -> str:
    """The words of a piece of evidence, cut short where they are of an abstract that may not be shown whole."""
    if whole or evidence.field != "abstract":
        return displayable(evidence.text)
    words = [match.span() for match in _TOKEN.finditer(evidence.text)]
    if len(words) <= EVIDENCE_WORDS:
        return displayable(evidence.text)
    return displayable(evidence.text[: words[EVIDENCE_WORDS - 1][1]]) + " …"
