"""The USPTO's formats before 2005: ST.32 grants (PATDOC), first applications (pap-v15, v16), and Green Book text."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from scrapers.parsers.patent_xml import text_of
from scrapers.parsers.uspto_record import Claim, Party, Publication, Symbol
from scrapers.parsers.xml_stream import fold

_KIND_BY_PREFIX = {"D": "S", "PP": "P", "RE": "E", "H": "H", "T": "I5", "": "A"}
_OLD_COUNTRY = re.compile(r"([A-Z]{2})[X\d]")
_PARENTS = "B610 B620 B631 B632 B633 B640 B641US B645 B646US B660".split()  # noqa: SIM905


def read_st32(root: Any) -> Publication | None:
    """A grant of 2001 to 2004."""
    bib = root.find("SDOBI")
    if bib is None:
        return None
    kind, number = _at(bib, "B100/B130"), _at(bib, "B100/B110")
    return Publication(
        type="grant",
        number=number,
        kind=kind,
        country=_at(bib, "B100/B190"),
        published=_at(bib, "B100/B140"),
        application=_at(bib, "B200/B210"),
        filed=_at(bib, "B200/B220"),
        design=kind.startswith("S") or number.startswith("D"),
        title=_at(bib, "B500/B540"),
        abstract=text_of(root.find("SDOAB")),
        inventors=[_st32_party(party) for party in bib.iterfind("B700/B720/B721/PARTY-US")],
        organisations=[
            _st32_party(party) for party in bib.iterfind("B700/B730/B731/PARTY-US") if party.find("NAM/ONM") is not None
        ],
        # Columns matter here: "H03M 1300" is group 13.
        ipc=[
            Symbol("".join(code.itertext()).strip())
            for code in bib.iterfind("B500/B510/*")
            if code.tag in ("B511", "B512")
        ],
        claims=list(_st32_claims(bib)),
    )


def _at(element: Any, path: str) -> str:
    return text_of(element.find(path))


def _st32_party(party: Any) -> Party:
    name = _at(party, "NAM/ONM") or " ".join(
        filter(None, (_at(party, f"NAM/{part}") for part in ("FNM", "SNM", "SFX")))
    )
    # An address in the United States has a state and no country.
    home = _at(party, "ADR/CTRY") or ("US" if party.find("ADR/STATE") is not None else "")
    return Party(name, home or _at(party, "RESIDENCE//CTRY") or _at(party, "RCTRY"))


def _st32_claims(bib: Any) -> Iterator[Claim]:
    for claim in bib.iterfind("B300"):
        yield Claim(_at(claim, "B330"), _at(claim, "B310"), _at(claim, "B320"))
    documents = [*bib.iterfind("B600/B680US/DOC"), *bib.iterfind("B600//PARENT-US/PDOC/DOC")]
    for document in [*documents, *bib.iterfind("B800/B860/B861/DOC")]:
        yield Claim(_at(document, "CTRY") or "US", _at(document, "DNUM"), _at(document, "DATE"))


def read_pap(root: Any) -> Publication | None:
    """An application published from 2001 to 2004."""
    bib = root.find("subdoc-bibliographic-information")
    if bib is None:
        return None
    inventors = [*bib.iterfind("inventors/first-named-inventor"), *bib.iterfind("inventors/inventor")]
    return Publication(
        type="application",
        number=_at(bib, "document-id/doc-number"),
        kind=_at(bib, "document-id/kind-code"),
        published=_at(bib, "document-id/document-date"),
        application=_at(bib, "domestic-filing-data/application-number/doc-number"),
        filed=_at(bib, "domestic-filing-data/filing-date"),
        title=_at(bib, "technical-information/title-of-invention"),
        abstract=text_of(root.find("subdoc-abstract")),
        inventors=[Party(_pap_name(one), _pap_home(one)) for one in inventors],
        organisations=[
            Party(_at(one, "organization-name"), _pap_home(one))
            for one in bib.iterfind("assignee")
            if _at(one, "organization-name")
        ],
        ipc=[Symbol(text_of(code)) for code in bib.iterfind("technical-information/classification-ipc//ipc")],
        claims=list(_pap_claims(bib)),
    )


def _pap_name(one: Any) -> str:
    parts = ("given-name", "middle-name", "family-name", "name-suffix")
    return " ".join(filter(None, (_at(one, f"name/{part}") for part in parts)))


def _pap_home(one: Any) -> str:
    found = _at(one, "residence//country-code") or _at(one, "address//country-code") or _at(one, "address/country")
    if found:
        return found
    return "US" if one.find("address/state") is not None or one.find("residence/residence-us") is not None else ""


def _pap_claims(bib: Any) -> Iterator[Claim]:
    for claim in bib.iterfind("foreign-priority-data"):
        number = _at(claim, "priority-application-number/doc-number")
        yield Claim(_at(claim, "country-code"), number, _at(claim, "filing-date"))
    places = (
        "continuity-data/non-provisional-of-provisional",
        "continuity-data//parent",
        "continuity-data//parent-pct",
    )
    for place in (*places, "international-conventions/pct-application"):
        for document in bib.iterfind(f"{place}/document-id"):
            country = _at(document, "country-code") or "US"
            yield Claim(country, _at(document, "doc-number"), _at(document, "document-date"))


# ---- Green Book: https://www.uspto.gov/sites/default/files/products/PatentFullTextAPSGreenBook-Documentation.pdf -----


def read_green_book(lines: Iterable[str]) -> Publication:
    """A grant of 1976 to 2001 from its lines, `PATN` first; long fields go on in lines that begin with blanks."""
    sections = _sections(lines)
    head = _first(sections, "PATN")
    number = head.get("WKU", [""])[0][:-1]
    prefix = re.match("[A-Z]*", number)
    kind = _KIND_BY_PREFIX.get(prefix[0] if prefix else "", "")
    application = head.get("SRC", [""])[0].zfill(2) + head.get("APN", [""])[0][:6]
    return Publication(
        type="grant",
        number=number,
        kind=kind,
        published=head.get("ISD", [""])[0],
        application=application if application.strip("0") else "",
        filed=head.get("APD", [""])[0],
        design=kind == "S",
        title=fold(" ".join(head.get("TTL", []))),
        abstract=fold(" ".join(_first(sections, "ABST").get("PAL", []) + _first(sections, "ABST").get("PAR", []))),
        inventors=[_green_party(one, _reversed) for name, one in sections if name == "INVT"],
        organisations=[_green_party(one, fold) for name, one in sections if name == "ASSG" and "NAM" in one],
        ipc=[Symbol(text) for text in _first(sections, "CLAS").get("ICL", [])],
        claims=list(_green_claims(sections)),
    )


def _sections(lines: Iterable[str]) -> list[tuple[str, dict[str, list[str]]]]:
    sections: list[tuple[str, dict[str, list[str]]]] = []
    values: list[str] = []
    for line in lines:
        tag, text = line[:4].strip(), line[5:].rstrip()
        if not tag:
            if values:
                values[-1] += " " + text.strip()
        elif not text:
            sections.append((tag, {}))
            values = []
        elif sections:
            values = sections[-1][1].setdefault(tag, [])
            values.append(text)
    return sections


def _first(sections: list[tuple[str, dict[str, list[str]]]], name: str) -> dict[str, list[str]]:
    return next((fields for found, fields in sections if found == name), {})


def _reversed(name: str) -> str:
    """`Miyazaki; Takeshi` to the order of the other formats."""
    last, _, first = fold(name).partition("; ")
    return f"{first} {last}".strip()


def _green_party(fields: dict[str, list[str]], read_name: Any) -> Party:
    code = fields.get("CNT", ["US" if "STA" in fields else ""])[0]
    old = _OLD_COUNTRY.fullmatch(code)
    return Party(read_name(fields.get("NAM", [""])[0]), old[1] if old else code)


def _green_claims(sections: list[tuple[str, dict[str, list[str]]]]) -> Iterator[Claim]:
    for name, fields in sections:
        if name in ("PRIR", "RLAP", "PCTA"):
            country = fields.get("CNT", ["US"])[0]
            old = _OLD_COUNTRY.fullmatch(country)
            number = (fields.get("APN") or fields.get("PCN") or [""])[0]
            yield Claim(old[1] if old else country, number, (fields.get("APD") or fields.get("PD3") or [""])[0])
