"""Titles, abstracts and authors of the simulated world, composed from templates and the taxonomy's own terms."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from taxonomy.schema import AreaFile, Term

MARK = "[SIMULATED]"
_FORMULA = re.compile(r"(?<=[A-Za-z])(\d+)")
_HAS_FORMULA = re.compile(r"[A-Z][a-z]?\d")
_STRONG = 2.0


@dataclass(frozen=True, slots=True)
class Matter:
    """What an item is about: the truth that a classifier should find."""

    areas: tuple[str, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()
    """Pairs of area and route."""
    near_miss: str | None = None
    subject: str | None = None
    new_term: bool = False
    language: str = "en"
    weak: bool = False
    """Only supporting terms are used in the title."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's phrases of an area or route: text with the phrase that must stand near it, if any."""

    strong: tuple[tuple[str, str | None], ...]
    weak: tuple[tuple[str, str | None], ...]

    @property
    def all(self) -> tuple[tuple[str, str | None], ...]:
        return self.strong + self.weak


@cache
def templates() -> dict[str, Any]:
    """The shipped sentences and lists."""
    text = files("scrapers.replay").joinpath("prose.yml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


@cache
def all_subjects() -> dict[str, dict[str, list[str]]]:
    """Subjects of no area, of every collection."""
    return {**templates()["subjects"], **templates()["life_subjects"], **templates()["technical_subjects"]}


class Writer:
    """Composes texts; the same random stream and matter give the same text."""

    def __init__(self, areas: Sequence[AreaFile]) -> None:
        self._t = templates()
        self._areas: dict[tuple[str, str], Words] = {}
        self._routes: dict[tuple[str, str, str], Words] = {}
        self._exclusions: dict[str, tuple[str, ...]] = {}
        self._lens: dict[tuple[str, str], tuple[str, ...]] = {}
        for area in areas:
            for lang in ("en", "zh"):
                self._areas[area.id, lang] = _words(area.terms, lang)
                for route in area.routes:
                    self._routes[area.id, route.id, lang] = _words(route.terms, lang)
            self._exclusions[area.id] = tuple(term.text for term in area.exclusions if term.lang == "en")
            self._lens[area.id, "en"] = tuple(phrase for lens in area.lens for phrase in lens.en)
            self._lens[area.id, "zh"] = tuple(phrase for lens in area.lens for phrase in lens.zh)

    def has_chinese(self, area: str) -> bool:
        """Whether the area has terms enough for a Chinese text."""
        return len(self._areas[area, "zh"].all) >= 3

    def compose(self, rng: random.Random, matter: Matter, version: int) -> tuple[str, str]:
        """Title and abstract; later versions add one sentence."""
        lang = matter.language
        terms = self._terms(rng, matter)
        if terms[0] == terms[1]:
            terms[1], terms[2] = terms[2], terms[1]
        slots = self._slots(rng, lang, [_typeset(rng, text) for text, _ in terms])
        title = str(_pick(rng, self._t[f"title_{lang}"])).format_map(slots)
        sentences = [str(_pick(rng, self._t[f"opening_{lang}"]))]
        if matter.new_term:
            sentences[0] = str(_pick(rng, self._t[f"term_{lang}"]))
        kinds = ("middle", "middle", "result", "result" if rng.random() < 0.5 else "middle", "closing")
        sentences += dict.fromkeys(str(_pick(rng, self._t[f"{kind}_{lang}"])) for kind in kinds)
        sentences += self._extras(rng, matter, [near for _, near in terms if near])
        if version > 1:
            sentences.append(self._t[f"later_{lang}"])
        joint = "" if lang == "zh" else " "
        text = joint.join(sentence.format_map(slots) for sentence in sentences)
        return title[:1].upper() + title[1:], f"{text} {MARK}"

    def withdrawn(self, language: str) -> str:
        """The abstract of a withdrawn paper."""
        return f"{self._t[f'withdrawn_{language}']} {MARK}"

    def authors(self, rng: random.Random) -> str:
        """One string as authors type it: TeX accents, sometimes affiliations, a suffix or a collaboration."""
        names = [self._name(rng) for _ in range(1 + int(rng.random() ** 2 * 8))]
        form = rng.random()
        if form < 0.04:
            first, second = (str(_pick(rng, self._t["institutes"])) for _ in range(2))
            return ", ".join(f"{name} ({1 + i % 2})" for i, name in enumerate(names)) + f" ((1) {first}, (2) {second})"
        if form < 0.06:
            names[-1] += " Jr."
        if form > 0.99:
            names.append("The SIMULATED Collaboration")
        if form > 0.8 and len(names) > 1:
            return ", ".join(names[:-1]) + " and " + names[-1]
        return ", ".join(names)

    def _name(self, rng: random.Random) -> str:
        surname = _pick(rng, _pick(rng, self._t["surnames"]))
        initials = chr(65 + int(rng.random() * 26)) + "."
        return f"{initials} {surname}" if rng.random() < 0.7 else f"{initials} {_letter(rng)}. {surname}"

    def _terms(self, rng: random.Random, matter: Matter) -> list[tuple[str, str | None]]:
        """Three terms for the slots a, b and c."""
        if matter.new_term:
            return self._new_term(rng, matter.language)
        if not matter.areas:
            return self._foreign(rng, matter)
        area, lang = matter.areas[0], matter.language
        words = self._areas[area, lang]
        pool = words.weak if matter.weak and len(words.weak) >= 3 else words.strong or words.all
        terms = [_pick(rng, pool), *_two_others(rng, words.all)]
        for place, (owner, route) in enumerate(matter.routes[:2]):
            of_route = self._routes[owner, route, lang].all
            if of_route:
                terms[place + 1] = _pick(rng, of_route)
        if matter.routes and rng.random() < 0.5:
            terms[0], terms[1] = terms[1], terms[0]
        for second in matter.areas[1:]:
            others = self._areas[second, lang]
            terms[2] = _pick(rng, others.strong or others.all)
        return terms

    def _new_term(self, rng: random.Random, lang: str) -> list[tuple[str, str | None]]:
        term = self._t["new_term"]
        company = term["company" if lang == "en" else "company_zh"]
        return [(_pick(rng, term[lang]), None), *((word, None) for word in _two_others(rng, company))]

    def _foreign(self, rng: random.Random, matter: Matter) -> list[tuple[str, str | None]]:
        words: Sequence[str] = all_subjects()[str(matter.subject)][matter.language]
        terms: list[tuple[str, str | None]] = [(_pick(rng, words), None)]
        terms += [(word, None) for word in _two_others(rng, words)]
        exclusions = self._exclusions.get(matter.near_miss or "", ())
        if exclusions:
            terms[0] = (_pick(rng, exclusions), None)
        return terms

    def _slots(self, rng: random.Random, lang: str, terms: Sequence[str]) -> dict[str, str]:
        a, b, c = terms
        adjective, method = str(_pick(rng, self._t["adjectives"])), str(_pick(rng, self._t[f"methods_{lang}"]))
        with_article = ("an " if adjective[0] in "aeiou" else "a ") + adjective
        return {
            **{"a": a, "A": _capital(a), "b": b, "c": c, "adj": adjective, "Adj": _capital(adjective)},
            **{"adj_a": with_article, "Adj_a": _capital(with_article), "method": method, "Method": _capital(method)},
            "setting": str(_pick(rng, self._t[f"settings_{lang}"])),
            **{"n": str(2 + int(rng.random() * 9)), "gain": str(4 + int(rng.random() * 60))},
            "count": str(8 + int(rng.random() * 900)),
        }

    def _extras(self, rng: random.Random, matter: Matter, near: Sequence[str]) -> list[str]:
        lang, extras = matter.language, []
        if near and lang == "en":
            extras.append(self._t["near_en"].replace("{near}", near[0]))
        if len(matter.areas) > 1 and lang == "en":
            extras.append("The study joins {a} and {c} on equal terms.")
        if matter.areas and rng.random() < 0.15:
            extras.append(self._t[f"lens_{lang}"].replace("{lens}", _pick(rng, self._lens[matter.areas[0], lang])))
        if matter.near_miss and lang == "en" and (rng.random() < 0.3 or not self._exclusions[matter.near_miss]):
            far = _pick(rng, self._areas[matter.near_miss, "en"].all)[0]
            extras.append(self._t["motivation_en"].replace("{far}", far))
        return [str(extra) for extra in extras]


def _words(terms: Sequence[Term], lang: str) -> Words:
    pairs = [(term.weight, (term.text, term.near[0] if term.near else None)) for term in terms if term.lang == lang]
    strong = tuple(pair for weight, pair in pairs if weight >= _STRONG)
    return Words(strong, tuple(pair for weight, pair in pairs if 1.0 <= weight < _STRONG))


def _pick(rng: random.Random, choices: Sequence[Any]) -> Any:
    return choices[int(rng.random() * len(choices))]


def _two_others(rng: random.Random, choices: Sequence[Any]) -> tuple[Any, Any]:
    """Two choices, different from one another where there are two."""
    first = int(rng.random() * len(choices))
    step = 1 + int(rng.random() * (len(choices) - 1))
    return choices[first], choices[(first + step) % len(choices)]


def _letter(rng: random.Random) -> str:
    return chr(65 + int(rng.random() * 26))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _typeset(rng: random.Random, term: str) -> str:
    """Some formulas get LaTeX subscripts, as authors write them (Ga$_2$O$_3$); braces are kept from formatting."""
    if _HAS_FORMULA.search(term) and rng.random() < 0.3:
        return _FORMULA.sub(r"$_\1$", term)
    return term
