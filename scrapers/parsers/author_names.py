"""arXiv's one author string into names, in linear time: affiliations out, collaborations kept, suffixes joined.

The conventions are those of https://info.arxiv.org/help/prep.html#author.
"""

import re
from collections.abc import Iterator

from scrapers.parsers.tex_accents import to_unicode

_BRACKET = re.compile(r"[()]")
_SEPARATOR = re.compile(r"[,;:]| (?:and|&) ")
_LEADING_AND = re.compile(r"^(?:and|&) ")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|VI|VII|VIII|2nd|3rd)\.?")
_NOT_A_NAME = re.compile(r"(?:et al\.?|others|Ph\.?D\.?|M\.?D\.?|and|&|[\W\d_]*)", re.IGNORECASE)
_BEHALF = re.compile(
    r"^(?P<person>.*?) ?\b(?:for|on behalf of) (?:the )?"
    r"(?P<group>.*\b(?:collaborations?|consortium|group|team|project))$",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"\$?\^?\{?\*+\}?\$?|\$\^\{?[^${}]{0,40}\}?\$")
_TIE = re.compile(r"(?<!\\)~|\\[, ]")


def _without_affiliations(text: str) -> str:
    """Cut everything within matching brackets, nested or not; a bracket without partner goes alone."""
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    for match in _BRACKET.finditer(text):
        if match[0] == "(":
            opened.append(match.start())
        elif opened:
            spans.append((opened.pop(), match.end()))
    kept, place = [], 0
    for start, end in sorted(spans):
        if start >= place:
            kept.append(text[place:start])
            place = end
    kept.append(text[place:])
    # What follows a bracket that nobody closed is kept, but not as part of the name before it.
    return " ".join(kept).replace("(", ", ").replace(")", " ")


def _mentions_group(name: str) -> bool:
    return len(name) < 300 and (" for " in f" {name}" or "behalf of " in name)


def _pieces(text: str) -> Iterator[str]:
    for piece in _SEPARATOR.split(text):
        name = _LEADING_AND.sub("", piece.strip()).removesuffix(" et al.").removesuffix(" et al").strip()
        behalf = _BEHALF.match(name) if _mentions_group(name) else None
        if behalf is None:
            yield name
        else:
            yield behalf["person"]
            yield behalf["group"]


def split_authors(text: str) -> tuple[str, ...]:
    """Names in the order given; TeX accents become letters. An empty or unreadable string gives no names."""
    # Accents first: in `\\~n` the tilde is an accent, in `J.~Doe` a space.
    plain = _FOOTNOTE.sub("", _without_affiliations(_TIE.sub(" ", to_unicode(text))))
    plain = " ".join(plain.replace("{", "").replace("}", "").split())
    names: list[str] = []
    for name in _pieces(plain):
        if names and _SUFFIX.fullmatch(name):
            names[-1] = f"{names[-1]} {name}"
        elif name and not _NOT_A_NAME.fullmatch(name):
            names.append(name)
    return tuple(names)
