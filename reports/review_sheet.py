"""The experts' workbook: one row a question, whether an item is in an area; words in `review_sheet.yml`."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from horizon.records import Evidence, Item, Label
from horizon.weeks import IsoWeek
from reports.facts import World
from reports.language import LANGUAGES, LanguageCode
from reports.view import displayable
from reports.workbook import Cell, Column, Link, Sheet, read_table
from taxonomy.load import Taxonomy

WIDTHS = {
    **{"asked": 12, "id": 20, "link": 12, "title": 40, "abstract": 70, "area": 16, "probability": 10, "assigned": 10},
    **{"routes": 22, "why": 45, "verdict": 12, "areas": 24, "comment": 30, "expert": 16},
}
FILLED_IN = ("verdict", "areas", "comment", "expert")
KEYS = ("item", "area", "taxonomy", "model", "text", "sampled")
"""Hidden columns, called `horizon_<key>` in every language."""
_GROUNDS = (("terms", "term"), ("against", "term"), ("codes", "code"), ("features", "feature"))
_SEPARATORS = re.compile(r"[,;，；、\n]")


@dataclass(frozen=True)
class Question:
    """One row: does the item belong to the label's area?"""

    item: Item
    label: Label
    link: str | None = None
    sampled: bool = False
    """Drawn at random from the assigned ones."""


@dataclass(frozen=True)
class Occasion:
    """What the queue was made from."""

    weeks: tuple[IsoWeek, ...]
    made: datetime
    taxonomy: str
    model: str
    world: World


@dataclass(frozen=True)
class Answer:
    """One row as it came back, in plain text; keys that are lost are empty."""

    row: int
    """As the spreadsheet numbers it."""
    keys: Mapping[str, str]
    shown_id: str | None
    """None where the column is gone."""
    verdict: str
    areas: str
    comment: str
    expert: str


@cache
def _words(code: LanguageCode) -> Mapping[str, Any]:
    text = (files("reports") / "review_sheet.yml").read_text(encoding="utf-8")
    words: Mapping[str, Any] = yaml.safe_load(text)[code]
    return words


def text_sha256(item: Item) -> str:
    """Of what an expert reads; a record whose codes or authors alone changed is still the one that was judged."""
    return hashlib.sha256(json.dumps([item.title, item.abstract]).encode()).hexdigest()


# ---- out -------------------------------------------------------------------------------------------------------------


def review_sheets(
    questions: Sequence[Question], occasion: Occasion, taxonomy: Taxonomy, code: LanguageCode
) -> list[Sheet]:
    """The queue in the order given, and how to fill it in."""
    words = _words(code)
    rows = tuple(_row(question, taxonomy, code) for question in questions)
    return [Sheet(words["queue"], _columns(words), rows), _help(len(rows), occasion, taxonomy, code)]


def _columns(words: Mapping[str, Any]) -> tuple[Column, ...]:
    shown = [
        Column(
            words["columns"][name],
            width,
            filled_in=name in FILLED_IN,
            choices=tuple(words["verdicts"].values()) if name == "verdict" else (),
            prompt=words["prompt"],
            percent=name == "probability",
        )
        for name, width in WIDTHS.items()
    ]
    return (*shown, *(Column(f"horizon_{key}", hidden=True) for key in KEYS))


def _row(question: Question, taxonomy: Taxonomy, code: LanguageCode) -> tuple[Cell, ...]:
    words, item, label = _words(code), question.item, question.label
    asked = ("both" if label.uncertain else "sampled") if question.sampled else "uncertain"
    return (
        words["asked"][asked],
        item.id,
        None if question.link is None else Link(words["columns"]["link"], question.link),
        displayable(item.title),
        displayable(item.abstract or ""),
        _area_name(taxonomy, label.area, code),
        round(label.probability, 3),
        words["flags"]["assigned" if label.assigned else "other"],
        _routes(taxonomy, label, code),
        "\n".join(_grounds(label.evidence, words)),
        *("" for _ in FILLED_IN),
        *(item.id, label.area, label.taxonomy, label.model, text_sha256(item), "1" if question.sampled else "0"),
    )


def _area_name(taxonomy: Taxonomy, area_id: str, code: LanguageCode) -> str:
    """The id where today's taxonomy no longer has the area."""
    return next((str(getattr(area.name, code)) for area in taxonomy.areas if area.id == area_id), area_id)


def _routes(taxonomy: Taxonomy, label: Label, code: LanguageCode) -> str:
    routes = (route for area in taxonomy.areas if area.id == label.area for route in area.routes)
    names = {route.id: str(getattr(route.name, code)) for route in routes}
    return "\n".join(f"{names.get(each.route, each.route)} {each.probability:.0%}" for each in label.routes)


def _grounds(evidence: Sequence[Evidence], words: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in _GROUNDS:
        chosen = [each for each in evidence if each.kind == kind and _speaks(each, name)]
        quotes = dict.fromkeys(_quote(each, words) for each in chosen)
        if quotes:
            yield words["grounds"][name].format(list=words["gap"].join(quotes))
    nearest = [_neighbour(each, words) for each in evidence if each.kind == "neighbour"]
    if nearest:
        yield words["grounds"]["neighbours"].format(list=words["gap"].join(nearest))


def _speaks(evidence: Evidence, name: str) -> bool:
    if name == "features":
        # In brackets stands what the encoder added, which is no word of the text.
        return not evidence.text.startswith("(")
    return (name == "against") == ((evidence.weight or 0.0) < 0.0) or name == "codes"


def _quote(evidence: Evidence, words: Mapping[str, Any]) -> str:
    place = words["places"].get(evidence.field) if evidence.kind == "term" else None
    return displayable(evidence.text) + (str(words["brackets"].format(text=place)) if place else "")


def _neighbour(evidence: Evidence, words: Mapping[str, Any]) -> str:
    same = words["neighbour"]["same" if evidence.concept == "labelled as this area" else "other"]
    nearness = "" if evidence.weight is None else f", {evidence.weight:.2f}"
    return displayable(evidence.text) + str(words["brackets"].format(text=same + nearness))


def _help(rows: int, occasion: Occasion, taxonomy: Taxonomy, code: LanguageCode) -> Sheet:
    words = _words(code)
    values = {
        "weeks": " – ".join(dict.fromkeys([str(occasion.weeks[0]), str(occasion.weeks[-1])])),
        "made": f"{occasion.made:%Y-%m-%d %H:%M} UTC",
        "taxonomy": occasion.taxonomy,
        "model": occasion.model,
        "rows": str(rows),
    }
    warning = [words["simulated"]] if occasion.world == "simulated" else []
    facts = [f"{words['facts'][name]}{words['colon']}{value}" for name, value in values.items()]
    steps = [f"{number}. {step}" for number, step in enumerate(words["steps"], 1)]
    areas = [f"{getattr(area.name, code)} ({area.id})" for area in taxonomy.areas]
    lines = [*warning, *steps, "", words["known"] + words["colon"].strip(), *areas, "", *facts]
    return Sheet(words["help"], (Column(words["help"], 110),), tuple((line,) for line in lines), filtered=False)


# ---- in --------------------------------------------------------------------------------------------------------------


def read_answers(path: Path) -> list[Answer]:
    """Every row of a workbook or CSV that came back, in either language; raises UsageError for any other file."""
    headings = {name: _in_all_languages("columns", name) for name in FILLED_IN}
    headings |= {f"horizon_{key}": frozenset([f"horizon_{key}"]) for key in KEYS}
    table = read_table(path, list(headings.values()))
    places = {name: _place(table[0], found) for name, found in headings.items()}
    shown = _place(table[0], _in_all_languages("columns", "id"))
    return [_answer(number, row, places, shown) for number, row in enumerate(table[1:], 2)]


def _answer(number: int, row: Sequence[str], places: Mapping[str, int | None], shown: int | None) -> Answer:
    def cell(place: int | None) -> str:
        return "" if place is None or place >= len(row) else row[place]

    keys = {key: cell(places[f"horizon_{key}"]) for key in KEYS}
    filled = {name: cell(places[name]) for name in FILLED_IN}
    return Answer(row=number, keys=keys, shown_id=None if shown is None else cell(shown), **filled)


def _place(headings: Sequence[str], words: frozenset[str]) -> int | None:
    return next((place for place, heading in enumerate(headings) if heading in words), None)


def _in_all_languages(table: str, name: str) -> frozenset[str]:
    return frozenset(str(_words(code)[table][name]) for code in LANGUAGES)


def choice_of(word: str) -> str | None:
    """`accept`, `reject` or `relabel`, from a word of any language."""
    for choice in _words("en")["verdicts"]:
        if word.casefold() in _in_all_languages("verdicts", choice):
            return str(choice)
    return None


def areas_of(text: str, taxonomy: Taxonomy) -> tuple[list[str], list[str]]:
    """Ids of the areas named by id or by name, sorted, and the words that name none."""
    names = {name.casefold(): area.id for area in taxonomy.areas for name in (area.id, area.name.en, area.name.zh)}
    nothing = _none_words()
    whole = text.strip().casefold()
    parts = [whole] if whole in names else [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    wanted = [part for part in parts if part.casefold() not in nothing]
    known = {names[part.casefold()] for part in wanted if part.casefold() in names}
    return sorted(known), [part for part in wanted if part.casefold() not in names]


def _none_words() -> frozenset[str]:
    return frozenset(str(_words(code)["none"]) for code in LANGUAGES)
