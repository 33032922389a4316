"""What all of arXiv's feeds have in common: the shapes of ids and categories, and signs of a withdrawal."""

import re

# https://info.arxiv.org/help/arxiv_identifier.html
ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[A-Z]{2})?/\d{7}")
CATEGORY = re.compile(r"[a-z][a-z-]*(?:\.[A-Za-z][A-Za-z-]*)?")
DOI = re.compile(r"10\.\d{4,9}/[^\s;,]+")
_WITHDRAWN = re.compile(
    r"^\W*(?:paper |article |submission )?withdrawn\b"
    r"|\b(?:paper|article|manuscript|submission|preprint|work|note|letter|version|report)\b[^.]{0,60}?"
    r"\b(?:has|have|is|was|were|being|been)\b(?: \w+){0,2} withdrawn\b"
    r"|\bwithdrawn (?:by|due|because)\b",
    re.IGNORECASE,
)
_BEYOND_GREEK = re.compile("[\u0400-\u1fff\u2c00-\ud7ff\uf900-\ufeff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def says_withdrawn(text: str) -> bool:
    """Whether a comment or the beginning of an abstract says that the paper was withdrawn."""
    return "withdrawn" in text.lower() and _WITHDRAWN.search(text) is not None


def language_of(title: str, abstract: str | None) -> str:
    """By script only: arXiv asks for an English abstract, so Latin letters are taken for English."""
    if title.isascii() and (abstract is None or abstract.isascii()):
        return "en"
    text = f"{title} {abstract or ''}"
    if _BEYOND_GREEK.search(text) is None:
        return "en"
    latin = len(_LATIN.findall(text))
    if _KANA.search(text) and latin < len(text) / 2:
        return "ja"
    if 2 * len(_HAN.findall(text)) > latin:
        return "zh"
    return "en" if 2 * latin > len("".join(text.split())) else "und"
