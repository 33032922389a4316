"""Numbers, dates, kind codes and classification symbols of patents: the same for every office's feed."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import yaml

from horizon.records import Code, ItemKind

Value = Literal["I", "A"] | None
PatentKind = Literal["patent_application", "patent_grant", "utility_model", "design"]
_TABLE = Path(__file__).with_name("patent_kinds.yml")
_PUBLICATION = re.compile(r"[A-Z]{2}\.[A-Z0-9]{1,20}\.[A-Z][0-9A-Z]?")
# `G06N  10/70`, `H04W  84/    20`, `A61K-0031/12`, and `7C 07C  29/44` with the edition of the old IPC before it.
_SYMBOL = re.compile(r"[\s/]*[1-8]?\s*([A-HY])\s*(\d{2})\s*([A-Z])(?:[\s-]*(\d{1,4})\s*/\s*(\d{2,8}))?(?![\w/])")
# Version date, level, position (first or later) and value (invention, additional, non-invention) after the symbol
# (WIPO ST.8: https://www.wipo.int/standards/en/pdf/03-08-01.pdf).
_RANK = re.compile(r"\s*(?:\d{8})?\s*([ACS]?)([FL]?)\s*([INA]?)")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_RANKS = {"I": 1, "": 1}


class Classified(NamedTuple):
    """One symbol as an office has given it."""

    rank: int
    """0 for the document's first, 1 for invention information, 2 for additional information."""
    symbol: str
    value: Value = None


@cache
def _table() -> dict[str, dict[str, PatentKind]]:
    """Kind codes by office; the general ones under the empty name."""
    data = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return {"": data["general"], **data["offices"]}


def kind_of(office: str, code: str) -> PatentKind | None:
    """What a publication with this kind code is; None for a code that is not in `patent_kinds.yml`."""
    table = _table()
    return table.get(office, {}).get(code) or table[""].get(code) or table[""].get(code[:1])


def is_item_kind(kind: str) -> bool:
    return kind in get_args(ItemKind)


def publication(office: str, number: str, code: str) -> str | None:
    """`EP.4567890.A1` from its parts with any blanks, dashes and strokes; None when they make no publication number."""
    parts = (re.sub(r"[\s/,.-]", "", part).upper() for part in (office, number, code))
    name = ".".join(parts)
    return name if _PUBLICATION.fullmatch(name) else None


def symbol_of(text: str) -> str | None:
    """A CPC or IPC symbol without blanks and leading zeros, `G06N10/70` or `G06N`; None when there is none."""
    match = _SYMBOL.match(text)
    if match is None:
        return None
    section, number, subclass, group, subgroup = match.groups()
    head = f"{section}{number}{subclass}"
    return f"{head}{int(group)}/{subgroup}" if group else head


def value_of(text: str) -> Value:
    """I for invention information, A for additional (IPC: N, non-invention) information, None where it is not told."""
    return _value(_rank_and_value(text)[1])


def rank_of(text: str) -> int:
    """0 for the first symbol of a document, 1 for invention information, 2 for additional information."""
    position, value = _rank_and_value(text)
    return 0 if position == "F" else _RANKS.get(value, 2)


def _rank_and_value(text: str) -> tuple[str, str]:
    match = _SYMBOL.match(text)
    found = _RANK.match(text, match.end() if match else 0)
    return (found[2], found[3]) if found else ("", "")


def _value(letter: str) -> Value:
    return "I" if letter == "I" else "A" if letter in ("A", "N") else None


def classified(text: str, value: str = "", *, first: bool = False) -> Classified | None:
    """A symbol as read from one text (`G06N  10/70  20220101AFI`) or with its value apart; None for no symbol."""
    symbol = symbol_of(text)
    if symbol is None:
        return None
    if value or first:
        return Classified(0 if first else _RANKS.get(value, 2), symbol, _value(value))
    return Classified(rank_of(text), symbol, value_of(text))


def order_codes(scheme: Literal["cpc", "ipc"], found: Iterable[Classified | None]) -> tuple[Code, ...]:
    """Each symbol once, in its best rank, the order given within a rank: offices repeat one another's symbols.

    What one office calls invented is invented, whatever the others say.
    """
    known = [one for one in found if one is not None]
    values: dict[str, set[Value]] = {}
    for one in known:
        values.setdefault(one.symbol, set()).add(one.value)
    symbols = dict.fromkeys(one.symbol for one in sorted(known, key=lambda one: one.rank))
    return tuple(Code(scheme=scheme, symbol=symbol, value=_strongest(values[symbol])) for symbol in symbols)


def _strongest(values: set[Value]) -> Value:
    return "I" if "I" in values else "A" if "A" in values else None


def read_day(text: str | None) -> tuple[date | None, bool]:
    """A day written `20261118`, and whether month or day were 00 and are taken for the first."""
    match = _DAY.fullmatch((text or "").strip())
    if match is None:
        return None, False
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year, month or 1, day or 1), not (month and day)
    except ValueError:
        return None, False


def family_of(priorities: list[tuple[str, str, str]], application: tuple[str, str] | None) -> str | None:
    """A stand-in where the source knows no family: the earliest priority, else the application.

    `priorities` are (date, office, number). `priority:US.202062962762` is never mistaken for a DOCDB family (digits).
    """
    known = sorted((day, office, _bare(number)) for day, office, number in priorities if _bare(number))
    if known:
        return f"priority:{known[0][1]}.{known[0][2]}" if known[0][1] else f"priority:{known[0][2]}"
    if application is None or not _bare(application[1]):
        return None
    return f"application:{application[0]}.{_bare(application[1])}"


def _bare(number: str) -> str:
    """`202062962762 P` and `US 2020/62962762` without blanks, signs and the kind at the end."""
    return re.sub(r"[\s/,.-]", "", re.sub(r"\s+[A-Z]\d?$", "", number.strip().upper()))
