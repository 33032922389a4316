"""Affiliation strings (`Dept. of X, Y University, Beijing 100084, China.`) to organisations and countries.

Of the parts between commas those of the highest rank are taken: universities, academies and companies before
institutes and hospitals, these before names that tell nothing, departments last. What is not known keeps its name; a
country that the text does not tell stays open.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from scrapers.parties import country_code, is_known, legal_form_alone, organisation, party_data

MOST_ORGANISATIONS = 500
"""Of one work: the largest collaborations have about as many; more are a fault of the feed."""
_LONGEST = 2_000
_MOST_PARTS = 60
_HAN = re.compile(r"[\u3400-\u9fff]")
_MAILBOX = re.compile(r"\S+@\S+|Electronic address:?.*$", re.IGNORECASE)
_POSTCODE = re.compile(r"\b[A-Z]{0,2}-?\d[\d -]{2,9}\b")
_ASIDE = re.compile(r"\s*\([^()]{0,80}\)\s*$")
_INITIALS = re.compile(r"\s*\((?:[A-Z][\w-]?\.[ ,-]*){1,60}\)")
_REGIONS = ("HK", "MO", "TW")
"""What ISO 3166 has codes for beside CN."""
_LAST_WORDS = re.compile(r"[\s.;:]+$|^\s+")
_STATE = re.compile(r"(?:^|\s)([A-Z]{2}|[A-Z][a-z])$")
_LEADING = re.compile(r"^(?:and|&|from(?= the\b))\s+", re.IGNORECASE)
_NUMBERED = re.compile(r"\d")
_JOINS = frozenset({"new", "of", "de", "del", "da", "do", "du", "la", "the", "and", "in"})
# Parts within an organisation, by how they begin or end.
_WITHIN = re.compile(
    r"^(?:(?:sub-?)?depart(?:e?ment|amento)|d[eé]partement|dept|dipartimento|division|section|faculty|facult|fakult"
    r"|school of|college of|graduate school of|unit\b|unité|service de|program|chair|lehrstuhl|laborator\w+ (?:of|for)"
    r"|lab\b|key laborator|state key|office|postgraduate|sch\b)"
    r"|\b(?:department|division|unit|service|section|programme?|office|lab|group|facility|platforms?)$",
    re.IGNORECASE,
)
_TOP = re.compile(
    r"universi|univ\b|college(?! of)|polyt[eé]ch|politec|academ|hochschule|institutes? of (?:science and )?technology"
    r"|school of (?:economics|hygiene)|world health organi|\bcnrs\b|\binserm\b",
    re.IGNORECASE,
)
_MIDDLE = re.compile(
    r"institut|instit[uú]t|istitut|hospital|h[oô]pital|ospedale|klinik|clinic|cent(?:ers?|res?|ros?|rum)\b|laborator|agenc"
    r"|ministr|foundation|fundaç|fondazione|societ|council|consortium|observator|museum|\btrust\b"
    r"|^(?!.* and ).*health$|organi[sz]ation|associat|medical school|college of|charit|infirmary|national|bureau"
    r"|authority|\bgmbh\b",
    re.IGNORECASE,
)
_HAN_NAMES = (
    re.compile(r"^.{2,20}?大学(?!附属|医院)"),
    re.compile(r"^.{0,10}?科学院(?!大学)"),
    re.compile(r"^.{2,40}?(?:有限公司|公司|集团)"),
    re.compile(r"^.{2,40}(?:研究院|研究所|学院|医院|中心|实验室|大学)"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the people of one work are: each name and country once, in the order met."""

    organisations: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    """ISO 3166 alpha-2."""
    left_out: int = 0
    """Organisations beyond MOST_ORGANISATIONS."""


def read_affiliations(texts: Iterable[str]) -> Places:
    """Organisations and countries of all affiliations of one work."""
    names: dict[str, str] = {}
    countries: dict[str, None] = {}
    for text in dict.fromkeys(texts):
        for address in split_addresses(text):
            found, country = read_address(address)
            for one in found:
                names.setdefault(organisation(one).key or one, organisation(one).name)
            if country:
                countries[country] = None
    kept = tuple(names.values())[:MOST_ORGANISATIONS]
    return Places(kept, tuple(countries), len(names) - len(kept))


def split_addresses(text: str) -> Iterator[str]:
    """Several addresses in one string: between semicolons, or after a full stop behind a country."""
    for piece in re.split(r"[;；]", text[:_LONGEST]):
        gathered = ""
        for sentence in re.split(r"(?<=\.)\s+(?=\S)", piece.strip()):
            gathered = f"{gathered} {sentence}".strip()
            # `U.S. Centers` is no end of an address, `USA. Centers` is.
            if "." not in gathered[-4:-1] and _country_at_end(gathered):
                yield gathered
                gathered = ""
        if gathered:
            yield gathered


def read_address(text: str) -> tuple[list[str], str | None]:
    """The organisations that one address names, as written, and its country."""
    plain = _INITIALS.sub("", _MAILBOX.sub(" ", text)).strip(" .,")
    if _HAN.search(plain) and 2 * len(_HAN.findall(plain)) > len(plain.replace(" ", "")):
        names = _han_names(plain)
    else:
        names = _latin_names(plain)
    country = affiliation_country(text)
    homes = [home for name in names if (home := organisation(name).country)]
    if homes and (country is None or (country == "CN" and homes[0] in _REGIONS)):
        # `Chinese University of Hong Kong, China`.
        country = homes[0]
    return names, country


# ---- countries -------------------------------------------------------------------------------------------------------


def affiliation_country(text: str) -> str | None:
    """The country in which an address ends, if it says so: by name, by its codes UK and US, or by a state of the US."""
    plain = _INITIALS.sub("", _MAILBOX.sub(" ", text[-_LONGEST:])).strip()
    for candidate in (plain, _ASIDE.sub("", plain.rstrip(" ."))):
        if code := _country_at_end(candidate) or _state_at_end(candidate):
            return code
    return _country_in_chinese(plain) if _HAN.search(plain) else None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,，、]", text)[-_MOST_PARTS:] if part.strip(" .\t\n")]


def _country_at_end(text: str) -> str | None:
    parts = _parts(text)
    if not parts:
        return None
    # Two parts first: `Hong Kong, China`, `Korea, Republic of`.
    for candidate in (", ".join(parts[-2:]), parts[-1]):
        for tail in (candidate, _POSTCODE.sub(" ", candidate)):
            code = _named_country(_LAST_WORDS.sub("", tail), text)
            if code:
                return _region_of_china(parts) if code == "CN" else code
    return _country_in_last_words(parts[-1], text)


def _named_country(text: str, address: str) -> str | None:
    # Two letters at the end of an address are as often a state: CA is California, IN Indiana.
    if sum(map(str.isalpha, text)) <= 2 and text not in ("UK", "US", "U.K", "U.S"):
        return None
    return _georgia(address) if text.casefold() == "georgia" else country_code(text)


def _georgia(address: str) -> str | None:
    """A country and a state: the words beside it decide."""
    names = party_data()["georgia"]
    found = [code for code in sorted(names) if any(name in address for name in names[code])]
    return found[0] if len(found) == 1 else None


def _region_of_china(parts: list[str]) -> str:
    """ISO 3166 has codes of their own for Hong Kong, Macao and Taiwan."""
    before = {country_code(_LAST_WORDS.sub("", _POSTCODE.sub(" ", part))) for part in parts[-3:-1]}
    return next((code for code in _REGIONS if code in before), "CN")


def _country_in_last_words(part: str, address: str) -> str | None:
    """`Sakarya 54054 Turkey`: a country's name behind a place, without a comma."""
    words = _POSTCODE.sub(" ", part).strip(" .").split()
    if _TOP.search(part) or _MIDDLE.search(part):
        return None
    for count in (3, 2, 1):
        name = " ".join(words[-count:])
        before = words[-count - 1].casefold() if len(words) > count else ""
        if before and len(name) > 3 and before not in _JOINS and (code := _named_country(name, address)):
            return code
    return None


@cache
def _states() -> tuple[dict[str, str], dict[str, str]]:
    """Names by letters, and letters by name."""
    names: dict[str, str] = party_data()["us_states"]
    return names, {name.casefold(): letters for letters, name in names.items()}


def _state_at_end(text: str) -> str | None:
    parts = _parts(text)
    if len(parts) < 2:
        return None
    last = parts[-1].strip(" .")
    bare = _POSTCODE.sub(" ", last).strip(" .")
    letters_of, names_of = _states()
    if bare.casefold() in names_of and bare.casefold() != "georgia":
        return "US"
    match = _STATE.search(bare)
    letters = match[1].upper() if match else ""
    if letters not in letters_of:
        return None
    zip_code = re.search(r"\b\d{5}(?:-\d{4})?$", last) is not None
    named = letters_of[letters].casefold() in ", ".join(parts[:-1]).casefold()
    if bare != match[1] if match else True:
        # `Boston MA`: words before the letters only with a ZIP code behind them.
        return "US" if zip_code else None
    return "US" if zip_code or named or letters not in party_data()["states_or_countries"] else None


@cache
def _chinese_places() -> "re.Pattern[str]":
    return re.compile("|".join(party_data()["chinese_places"]))


def _country_in_chinese(text: str) -> str | None:
    words: list[Any] = [country_code(word) for word in re.split(r"[\s,，、。]+", text)]
    told = [code for code in words if code]
    if told:
        return str(next((code for code in told if code in _REGIONS), told[-1]))
    for place in ("香港", "澳门", "台湾", "中国", "美国", "日本", "德国", "英国"):
        if text.strip().startswith(place):
            return country_code(place)
    return "CN" if _chinese_places().search(text) else None


# ---- organisations ---------------------------------------------------------------------------------------------------


def _latin_names(text: str) -> list[str]:
    parts = _name_parts(text)
    if not parts:
        return []
    ranks = [_rank(part) for part in parts]
    if max(ranks) >= 2:
        return [part for part, rank in zip(parts, ranks, strict=True) if rank == max(ranks)]
    # What is left at the end is the place.
    inner = parts[:-1] if len(parts) > 1 else parts
    return [next((part for part in inner if _rank(part) == 1), inner[0])]


def _rank(part: str) -> int:
    """3: university, academy, company or a known name; 2: institute or hospital; 1: says nothing; 0: within another."""
    if is_known(part):
        return 3
    if _WITHIN.search(part) and not re.search(r"\b(?:university|universit[àéä]t?)\b", part, re.IGNORECASE):
        return 0
    if _TOP.search(part) or legal_form_alone(part.rpartition(" ")[2]):
        return 3
    return 2 if _MIDDLE.search(part) else 1


def _name_parts(text: str) -> list[str]:
    """Parts that may be names: legal forms joined to what stands before, without country, state and postal codes."""
    parts: list[str] = []
    for part in _parts(text):
        clean = _LEADING.sub("", part).strip(" .")
        if parts and legal_form_alone(clean):
            parts[-1] = f"{parts[-1]}, {clean}"
        elif clean and not _is_place(clean):
            parts.append(clean)
    return parts


def _is_place(part: str) -> bool:
    letters_of, names_of = _states()
    bare = _POSTCODE.sub(" ", part).strip(" .")
    if not bare or country_code(bare) or bare.upper() in letters_of or bare.casefold() in names_of:
        return True
    return _NUMBERED.search(part) is not None and not (_TOP.search(part) or _MIDDLE.search(part) or is_known(part))


def _han_names(text: str) -> list[str]:
    parts = [part for part in re.split(r"[\s,，、。]+", text) if part]
    for pattern in _HAN_NAMES:
        found = [match[0] for part in parts if (match := pattern.search(part.removeprefix("中国，")))]
        if found:
            return found
    named = [part for part in parts if country_code(part) is None and not part.isdigit()]
    return named[:1]
