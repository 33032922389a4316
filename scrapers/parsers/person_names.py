"""Author names of life-science feeds in one order, as arXiv has them: given names or initials, then the surname."""

import re

_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|2nd|3rd|4th)\.?")
_GROUP = re.compile(
    r"group|consorti|collaborat|network|society|research|study|team|committee|investigator|initiative|project",
    re.IGNORECASE,
)
_LONGEST_INITIALS = 4
_LONGEST_SURNAME = 5


def _is_initials(word: str) -> bool:
    letters = word.replace("-", "")
    return 0 < len(letters) <= _LONGEST_INITIALS and letters.isalpha() and letters.isupper()


def dotted(initials: str) -> str:
    """`JD` gives `J. D.`, `J-P` gives `J.-P.`; anything else stays as it is."""
    if not _is_initials(initials):
        return initials
    return " ".join("-".join(f"{letter}." for letter in part) for part in _parts(initials))


def _parts(initials: str) -> list[str]:
    """`JA-B` to `J`, `AB`: letters joined by a hyphen stay together."""
    parts: list[str] = []
    joined = False
    for letter in initials:
        if letter == "-":
            joined = True
        elif joined and parts:
            parts[-1] += letter
            joined = False
        else:
            parts.append(letter)
            joined = False
    return parts


def from_index(name: str) -> str:
    """MEDLINE's `Schoenfeld JD 3rd` to `J. D. Schoenfeld 3rd`; a group keeps its name."""
    words = name.split()
    suffix = f" {words.pop()}" if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    if not 2 <= len(words) <= _LONGEST_SURNAME or not _is_initials(words[-1]) or _GROUP.search(name):
        return " ".join(name.split())
    return f"{dotted(words[-1])} {' '.join(words[:-1])}{suffix}"


def from_comma(name: str) -> str:
    """`Surname, A. B.` or `Surname, AB` to `A. B. Surname`; `Surname, Jr., A.` keeps its suffix at the end."""
    parts = [part for part in (" ".join(part.split()) for part in name.split(",")) if part]
    if len(parts) < 2 or _GROUP.search(parts[0]):
        return " ".join(name.split())
    suffix = next((f" {part}" for part in parts[1:] if _SUFFIX.fullmatch(part)), "")
    given = " ".join(dotted(part) for part in parts[1:] if not _SUFFIX.fullmatch(part))
    return f"{given} {parts[0]}{suffix}".strip()


def from_parts(given: str, surname: str, suffix: str = "") -> str:
    """Given names (or initials) and surname as they stand in fields of their own."""
    return " ".join(part for part in (dotted(given), surname, suffix) if part)
