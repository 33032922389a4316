"""Applicants and inventors: the same party comes in several spellings, and must be one name.

OPS lists everyone twice, in Latin letters with the country (`SIEMENS ENERGY AS [NO]`, `epodoc`) and as printed
(`Siemens Energy AS`, `original`, sometimes in Chinese, sometimes from two publications at once).
"""

import re
import unicodedata

from scrapers.parties import country_code, organisation

_COUNTRY = re.compile(r"\s*\[([A-Z]{2})\](?:\s*,?\s*et al\.?)?\s*$", re.IGNORECASE)
_PRINTED = ("original", "docdba")
_STANDARD = ("epodoc", "docdb")
_CARE_OF = re.compile(r"(?<=\S)\s+c/o\s.*", re.IGNORECASE)
_ENDS = re.compile(r"[\s,;]+$")

Party = tuple[str, str, str]
"""Form, name, country of residence."""


def _clean(name: str) -> str:
    """Without the country, the employer after `c/o` and the comma that OPS leaves at the end."""
    return _ENDS.sub("", _CARE_OF.sub("", _COUNTRY.sub("", " ".join(name.split()))))


def key_of(name: str) -> str:
    """The same for `KYLMAENEN, JARI` and `Kylmänen, Jari`: letters only, umlauts and their transcriptions alike."""
    plain = unicodedata.normalize("NFKD", _clean(name).casefold())
    letters = "".join(sign for sign in plain if sign.isalnum())
    return re.sub(r"(?<=[aou])e", "", letters.replace("ß", "ss"))


def display_names(parties: list[Party]) -> tuple[str, ...]:
    """Each party once, as printed where that is known, in the order given."""
    printed = [name for form, name, _ in parties if form in _PRINTED and _clean(name)]
    standard = [name for form, name, _ in parties if form in _STANDARD and _clean(name)]
    others = [name for form, name, _ in parties if form not in (*_PRINTED, *_STANDARD) and _clean(name)]
    best: dict[str, str] = {}
    for name in printed or standard or others:
        text, key = _clean(name), key_of(name)
        # Of two spellings the one that is not all capitals was typed by somebody who knew the name.
        if key not in best or (best[key].isupper() and not text.isupper()):
            best[key] = text
    return tuple(best.values())


def without_people(names: tuple[str, ...], inventors: list[Party]) -> tuple[str, ...]:
    """Organisations among applicants: whoever is an inventor too applied in person."""
    people = {key_of(name) for _, name, _ in inventors}
    return tuple(name for name in names if key_of(name) not in people)


def normalised(names: tuple[str, ...]) -> tuple[str, ...]:
    """Organisations under the names by which they are counted, each once, in the order given."""
    found = {known.key or name: known.name for name in names if (known := organisation(name))}
    return tuple(found.values())


def countries_of(parties: list[Party]) -> tuple[str, ...]:
    """ISO 3166 alpha-2 of the parties, each once, in the order given; of known organisations where none is told."""
    found = (country_code(residence or _suffix(name)) for _, name, residence in parties)
    told = tuple(dict.fromkeys(filter(None, found)))
    return told or tuple(dict.fromkeys(home for _, name, _ in parties if (home := organisation(_clean(name)).country)))


def _suffix(name: str) -> str:
    match = _COUNTRY.search(" ".join(name.split()))
    return match[1].upper() if match else ""
