"""Classification codes as evidence: arXiv categories by weight, CPC symbols by the lists of the area file.

CPC is matched by prefix with the longest listed symbol winning, because the lists enumerate what the scheme's tree
of dots would give; the few symbols for which a prefix would take in strangers are matched whole.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from horizon.records import Code, Evidence
from taxonomy.schema import AreaFile, CpcCodes

Mark = Literal["core", "support", "legacy", "exclude", "report_separately"]
MARKS: tuple[Mark, ...] = ("core", "support", "legacy", "exclude", "report_separately")
WHOLE = frozenset({"A61B5/37", "A61L27/3"})
"""Prefix matching would also take A61B5/372-378 (analysis) and A61L27/30, 27/34 (coatings)."""

_CPC = re.compile(r"[A-HY]\d{2}[A-Z](?:\d{1,4}(?:/\d{0,6}|/)?)?")
_ARXIV = re.compile(r"[a-z]+(?:-[a-z]+)?\.[A-Za-z][A-Za-z-]+|[a-z]+-[a-z]+")
_MSC = re.compile(r"\d{2}(?:[A-Z-]\d{2}|-XX|[A-Z]xx)?")


@dataclass(frozen=True)
class CodeSummary:
    """What an item's codes say for one area."""

    arxiv_primary: float = 0.0
    """Weight of the primary category."""
    arxiv_best: float = 0.0
    """Weight of the best category, cross-lists included."""
    core: int = 0
    support: int = 0
    legacy: int = 0
    exclude: int = 0
    """Symbols kept out or reported separately."""

    @property
    def any(self) -> bool:
        return self != CodeSummary()


def parse_codes(value: object) -> tuple[Code, ...]:
    """Codes from a list or an `a; b` string; arXiv categories, CPC and MSC are told apart by their shape."""
    if isinstance(value, str):
        parts: Iterable[object] = re.split(r"[;,|]\s*|\s+(?=[a-z])", value)
    elif isinstance(value, Iterable):
        parts = value
    else:
        return ()
    codes = (_parse_code(str(part)) for part in parts if part is not None)
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def _parse_code(text: str) -> Code | None:
    symbol = text.strip()
    compact = re.sub(r"\s+", "", symbol)
    if _CPC.fullmatch(compact):
        return Code(scheme="cpc", symbol=compact)
    if _ARXIV.fullmatch(symbol):
        return Code(scheme="arxiv", symbol=symbol)
    if _MSC.fullmatch(symbol):
        return Code(scheme="msc", symbol=symbol)
    return None


def summarise_codes(codes: Sequence[Code], area: AreaFile) -> CodeSummary:
    """Count the evidence of an item's codes for an area."""
    if not codes:
        return CodeSummary()
    weights = [area.codes.arxiv.get(code.symbol, 0.0) for code in codes if code.scheme == "arxiv"]
    marks = [mark_of(code.symbol, area.codes.cpc) for code in codes if code.scheme in ("cpc", "ipc")]
    return CodeSummary(
        arxiv_primary=weights[0] if weights else 0.0,
        arxiv_best=max(weights, default=0.0),
        core=marks.count("core"),
        support=marks.count("support"),
        legacy=marks.count("legacy"),
        exclude=marks.count("exclude") + marks.count("report_separately"),
    )


def code_evidence(codes: Sequence[Code], area: AreaFile) -> list[Evidence]:
    """The codes that speak for or against the area."""
    found: list[Evidence] = []
    for code in codes:
        if code.scheme == "arxiv" and (weight := area.codes.arxiv.get(code.symbol, 0.0)):
            found.append(Evidence(kind="code", text=code.symbol, field="codes", concept="arxiv", weight=weight))
        elif code.scheme in ("cpc", "ipc") and (mark := mark_of(code.symbol, area.codes.cpc)):
            found.append(Evidence(kind="code", text=code.symbol, field="codes", concept=f"{code.scheme} {mark}"))
    return found


def mark_of(symbol: str, lists: CpcCodes) -> Mark | None:
    """The list that holds the longest listed symbol with which this one begins."""
    compact = symbol.replace(" ", "")
    entries = _entries(lists.core, lists.support, lists.legacy, lists.exclude, lists.report_separately)
    for entry, mark in entries:
        if (compact == entry) if entry in WHOLE else compact.startswith(entry):
            return mark
    return None


@lru_cache(maxsize=256)
def _entries(*lists: tuple[str, ...]) -> tuple[tuple[str, Mark], ...]:
    """Listed symbols, longest first; of equal ones the stronger mark."""
    pairs = [(entry.replace(" ", ""), mark) for mark, entries in zip(MARKS, lists, strict=True) for entry in entries]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), MARKS.index(pair[1]))))
