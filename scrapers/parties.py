"""Who and where: countries to ISO 3166 alpha-2, organisations to one name each, without guessing.

Countries by pycountry and the aliases of parties.yml. Organisations are folded (case, accents, legal forms, the short
words of patent offices) and looked up; an unknown one keeps its own name, and word order is never changed, because the
University of Washington is not Washington University.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_LONGEST = 500
_CODE_IN_BRACKETS = re.compile(r"\s*[\[(]\s*([A-Z]{2})\s*[\])]\s*$")
_NOT_WORD = re.compile(r"[^\w]+|_+")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation under the name by which it is counted."""

    name: str
    key: str
    """Equal for equal organisations."""
    country: str | None = None
    """ISO 3166 alpha-2, where the name alone tells it."""
    zh: str | None = None
    """Its Chinese name, where it is known."""


@dataclass(frozen=True)
class _Tables:
    countries: dict[str, str]
    no_country: frozenset[str]
    legal_forms: tuple[tuple[str, ...], ...]
    """Words of each, longest first."""
    joined_forms: tuple[str, ...]
    """Those of scripts without spaces."""
    abbreviations: dict[str, str]
    organisations: dict[str, Organisation]


@cache
def party_data() -> dict[str, Any]:
    """parties.yml as it is."""
    data: dict[str, Any] = yaml.safe_load(files("scrapers").joinpath("parties.yml").read_text(encoding="utf-8"))
    return data


@cache
def _tables() -> _Tables:
    data = party_data()
    forms = [str(form) for form in data["legal_forms"]]
    spaced = sorted((tuple(form.split()) for form in forms if not _HAN.search(form)), key=len, reverse=True)
    joined = tuple(sorted(filter(_HAN.search, forms), key=len, reverse=True))
    tables = _Tables(
        _country_names(data), frozenset(data["no_country"]), tuple(spaced), joined, data["abbreviations"], {}
    )
    for entry in data["organisations"]:
        names = (entry["name"], entry["zh"], *entry.get("also", ()))
        key = _key(entry["name"], tables)
        found = Organisation(entry["name"], key, entry["country"], entry["zh"])
        tables.organisations.update((_key(name, tables), found) for name in names)
    return tables


def _country_names(data: dict[str, Any]) -> dict[str, str]:
    """Folded name or code to alpha-2."""
    import pycountry

    names: dict[str, str] = {}
    for country in pycountry.countries:
        code = str(country.alpha_2)
        for field in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if text := getattr(country, field, None):
                names.setdefault(_fold(str(text)), code)
    for code, aliases in data["countries"].items():
        names.update((_fold(alias), code) for alias in aliases)
    return names


def _fold(text: str) -> str:
    """Case, accents, width and punctuation away; words by single blanks. `U.S.A.` and `USA` are one."""
    plain = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # Korean syllables were taken apart as well.
    plain = unicodedata.normalize("NFC", plain).replace("&", " and ").replace("'", "").replace("\u2019", "")
    plain = re.sub(r"(?<=\b\w)\.\s?(?=\w\b)|\.(?=$|\s|,)", "", plain)
    return " ".join(_NOT_WORD.sub(" ", plain).split())


def country_code(text: str) -> str | None:
    """ISO 3166 alpha-2 of a country's code or name in English or Chinese; None for what is none, such as EP or WO."""
    tables = _tables()
    stripped = text.strip()
    if stripped.upper() in tables.no_country:
        return None
    return tables.countries.get(_fold(stripped))


def split_country(text: str) -> tuple[str, str | None]:
    """`HUAWEI TECH CO LTD [CN]` to the name and the country; a name without one keeps its brackets."""
    match = _CODE_IN_BRACKETS.search(text)
    if match is None:
        return text.strip(), None
    code = country_code(match[1])
    known_office = match[1] in _tables().no_country
    return (text[: match.start()].strip(), code) if code or known_office else (text.strip(), None)


def organisation(text: str) -> Organisation:
    """The organisation under its usual name, or under its own when it is not known; no name is made up."""
    tables = _tables()
    name, country = split_country(" ".join(text[:_LONGEST].split()))
    key = _key(name, tables)
    found = tables.organisations.get(key)
    return found if found else Organisation(name, key, country)


def is_known(text: str) -> bool:
    """Whether the organisation is in parties.yml."""
    tables = _tables()
    return _key(split_country(text)[0], tables) in tables.organisations


def legal_form_alone(text: str) -> bool:
    """Whether a text is nothing but a legal form: `Inc.`, `Co., Ltd`."""
    words = tuple(_fold(text).split())
    return bool(words) and words in _tables().legal_forms


def _key(text: str, tables: _Tables) -> str:
    folded = _fold(text)
    for form in tables.joined_forms:
        # In Chinese names the form follows without a blank, in Japanese ones it may come first.
        bare = folded.removesuffix(form).removeprefix(form).strip()
        if bare:
            folded = bare
    words = folded.split()
    if _HAN.search(folded):
        # Brackets and blanks inside are a matter of taste.
        return "".join(words)
    words = _without_forms(words, tables.legal_forms)
    words = words[1:] if len(words) > 1 and words[0] == "the" else words
    return " ".join(tables.abbreviations.get(word, word) for word in words)


def _without_forms(words: list[str], forms: tuple[tuple[str, ...], ...]) -> list[str]:
    """Without the legal forms at the end, as long as something is left."""
    shortened = True
    while shortened:
        shortened = False
        for form in forms:
            size = len(form)
            if len(words) > size and tuple(words[-size:]) == form:
                words, shortened = words[:-size], True
                break
    return words
