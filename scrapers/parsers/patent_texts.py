"""Titles and abstracts come in several languages: English is taken first, then the original, and the language told."""

from dataclasses import dataclass
from typing import Self

from scrapers.languages import labelled_language

_KANA_OFFICES = frozenset({"JP"})
# Only codes of ISO 639-1 that offices publish in; the EPO writes `ol` for "original language", which tells nothing.
_KNOWN = (
    "ar be bg cs da de el en es et fi fr he hr hu id is it ja ka kk ko lt lv mk mn ms nl no pl pt ro ru sh sk sl sr sv "
    "th tr uk vi zh"
)
_LANGUAGES = frozenset(_KNOWN.split())


@dataclass(frozen=True, slots=True)
class Text:
    """One title or abstract with its language, ISO 639-1 or `und`."""

    words: str
    language: str
    original: bool
    """In the language in which the office published."""

    @classmethod
    def read(cls, words: str, told: str, office: str, published_in: str = "") -> Self:
        """`told` is the feed's language code, for example `en`, `EN` or `ol`."""
        code, home = told.strip().lower(), published_in.strip().lower()
        language = labelled_language(words, code, _LANGUAGES)
        if language == "zh" and code not in _LANGUAGES and office in _KANA_OFFICES:
            # A title may do without kana.
            language = "ja"
        return cls(words, language, original=code == "ol" or (home != "" and language == home))


def _best(texts: list[Text]) -> Text | None:
    """English, else the original, else the first that has words."""
    with_words = [text for text in texts if text.words]
    ranked = sorted(with_words, key=lambda text: 0 if text.language == "en" else 1 if text.original else 2)
    return ranked[0] if ranked else None


def choose(titles: list[Text], abstracts: list[Text]) -> tuple[Text | None, Text | None]:
    """The title and the abstract to show."""
    return _best(titles), _best(abstracts)


def language_of(title: Text | None, abstract: Text | None) -> str:
    """The language in which most of the item's words are: the abstract's where there is one."""
    chosen = abstract or title
    return chosen.language if chosen else "und"
