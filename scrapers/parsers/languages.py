"""The language of a title and an abstract, from their script and from the code that the record declares."""

import re

# ISO 639-2 (both forms) to ISO 639-1, for the languages of MEDLINE: https://www.nlm.nih.gov/bsd/language_table.html
_CODES = {
    "ara": "ar", "bul": "bg", "cat": "ca", "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da", "deu": "de", "dut": "nl",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "ger": "de", "gre": "el",
    "heb": "he", "hrv": "hr", "hun": "hu", "ice": "is", "ind": "id", "isl": "is", "ita": "it", "jpn": "ja", "kor": "ko",
    "lav": "lv", "lit": "lt", "may": "ms", "msa": "ms", "nld": "nl", "nor": "no", "per": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk", "slv": "sl", "spa": "es", "srp": "sr", "swe": "sv",
    "tha": "th", "tur": "tr", "ukr": "uk", "vie": "vi", "zho": "zh",
}  # fmt: skip
_NOT_LATIN = frozenset({"ar", "bg", "el", "fa", "he", "ja", "ko", "ru", "sr", "th", "uk", "zh"})
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_OTHER = re.compile(r"[\u0400-\u1fff]")


def _declared(code: str) -> str:
    code = code.strip().lower()
    return code if len(code) == 2 and code.isalpha() else _CODES.get(code, "und")


def language_of(text: str, declared: str = "", translated: bool = False) -> str:
    """ISO 639-1 of the text, or `und`.

    A record's code is the language of the paper, while title and abstract are often a translation into English: letters
    that are not Latin decide by themselves; Latin ones are English unless the code names a language written with them.
    """
    said = _declared(declared) if declared else ""
    latin = len(_LATIN.findall(text))
    if text.isascii() or not (_HAN.search(text) or _KANA.search(text) or _HANGUL.search(text) or _OTHER.search(text)):
        if translated or not said or said in _NOT_LATIN:
            return "en"
        return said
    if _KANA.search(text) and latin < len(text) / 2:
        return "ja"
    if 2 * len(_HANGUL.findall(text)) > latin:
        return "ko"
    # A Chinese character says about as much as two Latin letters.
    if 2 * len(_HAN.findall(text)) > latin:
        return "zh"
    if len(_OTHER.findall(text)) > latin:
        return said if said in _NOT_LATIN else "und"
    return said if said and said not in _NOT_LATIN and not translated else "en"
