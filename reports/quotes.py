"""Quotes: cut to a length that may be shown of anybody's text, found in a brief, and checked letter for letter."""

import re
from collections.abc import Iterator, Mapping

from horizon.records import Evidence, Item
from reports.facts import Brief, ItemReference, Quote
from reports.telling import quote_of

QUOTE_WORDS = 25
"""Of a text under somebody's rights no quote is longer."""
WORD = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")
"""A word; a Chinese character counts as one."""
_BEFORE_CUE = 8
"""Words kept before the one that a phrase was found by, where a quote has to be cut."""


def short_quote(item: Item, evidence: Evidence) -> Quote | None:
    """The evidence as a quote of at most QUOTE_WORDS words, around what it was found by; None if it is not there."""
    quote = quote_of(item, evidence)
    if quote is None:
        return None
    words = [match.span() for match in WORD.finditer(quote.text)]
    if len(words) <= QUOTE_WORDS:
        return quote
    cue = _cue_place(quote.text, evidence.concept or "")
    at = next((place for place, (_, end) in enumerate(words) if end > cue), 0)
    first = 0 if at < QUOTE_WORDS else min(at - _BEFORE_CUE, len(words) - QUOTE_WORDS)
    start, end = words[first][0], words[first + QUOTE_WORDS - 1][1]
    return Quote(field=quote.field, start=quote.start + start, end=quote.start + end, text=quote.text[start:end])


def _cue_place(text: str, concept: str) -> int:
    """Where the words stand that were found (after the colon of `aspect: words`); 0 if they are in another form."""
    cue = r"\s+".join(map(re.escape, concept.partition(":")[2].split()))
    match = re.search(cue, text, re.IGNORECASE) if cue else None
    return match.start() if match else 0


def quotes_of(brief: Brief) -> Iterator[tuple[str, str, Quote]]:
    """Every quote of a brief: where it stands, the id of the item that is quoted, and the words."""
    for position, item in enumerate(brief.items):
        for number, reason in enumerate(item.reasons):
            if reason.quote is not None:
                yield f"items[{position}].reasons[{number}].quote", item.id, reason.quote
    for position, page in enumerate(brief.pages):
        for number, aspect in enumerate(page.aspects):
            for place, each in enumerate(aspect.quotes):
                yield f"pages[{position}].aspects[{number}].quotes[{place}].quote", each.item.id, each.quote


def page_references(brief: Brief) -> Iterator[tuple[str, ItemReference]]:
    """Every item that a decision, an area page or a check names, and where."""
    for position, asked in enumerate(brief.decisions):
        for number, item in enumerate(asked.items):
            yield f"decisions[{position}].items[{number}]", item
    for position, page in enumerate(brief.pages):
        for number, aspect in enumerate(page.aspects):
            for place, each in enumerate(aspect.quotes):
                yield f"pages[{position}].aspects[{number}].quotes[{place}].item", each.item
    for position, check in enumerate(brief.checks):
        yield f"checks[{position}].item", check.item


def words_at(items: Mapping[str, Item], item_id: str, quote: Quote) -> str | None:
    """What the item says at the quote's place; None where the item is unknown."""
    item = items.get(item_id)
    if item is None:
        return None
    text = item.title if quote.field == "title" else item.abstract or ""
    return text[quote.start : quote.end]
