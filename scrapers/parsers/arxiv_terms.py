"""What all of arXiv's feeds have in common: the shapes of ids and categories, and signs of a withdrawal."""

import re

from scrapers.languages import detect_language

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


def says_withdrawn(text: str) -> bool:
    """Whether a comment or the beginning of an abstract says that the paper was withdrawn."""
    return "withdrawn" in text.lower() and _WITHDRAWN.search(text) is not None


def language_of(title: str, abstract: str | None) -> str:
    """That of the text; where it does not tell, English, in which arXiv asks for an abstract."""
    return detect_language(f"{title} {abstract or ''}", "en")


def named(source: str, arxiv_id: str) -> str | None:
    """Item id of a paper; None when what a record calls its id is none."""
    return f"{source}:{arxiv_id}" if ARXIV_ID.fullmatch(arxiv_id) else None
