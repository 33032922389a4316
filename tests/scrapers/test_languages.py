"""The language of titles and abstracts, measured on a table of our own."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.languages import UNDETERMINED, detect_language, labelled_language, language_code

SAMPLES: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "language_samples.yml").read_text(encoding="utf-8")
)
PAIRS = [(code, text) for code, texts in SAMPLES.items() for text in texts]


def test_on_our_own_table_nothing_is_called_wrong_and_little_is_left_open() -> None:
    found = [(code, detect_language(text), text) for code, text in PAIRS]
    wrong = [(code, got, text) for code, got, text in found if got not in (code, UNDETERMINED)]
    left_open = [text for code, got, text in found if got == UNDETERMINED and code != UNDETERMINED]
    assert len(PAIRS) >= 100
    assert wrong == []
    assert len(left_open) <= 0.06 * len(PAIRS), left_open


@pytest.mark.parametrize("code", ["en", "zh", "ja", "ko"])
def test_the_languages_of_the_briefs_and_of_their_neighbours_are_all_told(code: str) -> None:
    assert {text: detect_language(text) for text in SAMPLES[code]} == dict.fromkeys(SAMPLES[code], code)


@pytest.mark.parametrize(
    ("text", "declared", "code"),
    [
        ("BaTiO3", "de", "de"),
        ("BaTiO3", "de-AT", "de"),
        ("BaTiO3", "EN_us", "en"),
        ("BaTiO3", "German", "und"),
        ("BaTiO3", "und", "und"),
        ("We measure the heat of a plasma that nobody has seen", "de", "en"),
        ("量子纠错码综述", "en", "zh"),
        ("Müller", "zh", "und"),
        ("Исследование роботов в полете", "bg", "bg"),
        ("दोन रोबोट", "mr", "mr"),
        ("BaTiO3", "eng", "en"),
        ("BaTiO3", "xyz", "und"),
        ("A title in English of a Chinese paper", "chi", "en"),
        ("Un titre français", "fre", "fr"),
        ("Ein Titel", "ger", "de"),
        ("小鼠脑损伤的研究 EEG", "", "zh"),
        ("SIMULATED study of 小鼠", "eng", "en"),
        ("Effect of α on β-cells", "eng", "en"),
    ],
)
def test_what_a_source_declares_is_believed_only_when_the_text_does_not_tell(
    text: str, declared: str, code: str
) -> None:
    assert detect_language(text, declared) == code


@pytest.mark.parametrize(
    ("text", "label", "code"),
    [
        # Few words tell little, their label all.
        ("SYSTEM", "de", "de"),
        ("A method", "fr", "fr"),
        ("一种机械手指", "zh", "zh"),
        ("一种机械手指", "en", "zh"),
        ("量子 QUBIT PROCESSOR AND METHOD", "en", "en"),
        ("A method for the making of things", "ol", "en"),
        ("Verfahren zur Herstellung von Dingen und Vorrichtung", "", "de"),
        ("一种机械手指", "ol", "zh"),
        ("X", "ol", "und"),
    ],
)
def test_a_text_with_a_label_has_its_language_unless_the_script_contradicts(text: str, label: str, code: str) -> None:
    assert labelled_language(text, label, frozenset({"de", "en", "fr", "zh"})) == code


def test_a_text_that_is_surely_english_needs_no_closer_look_and_gives_the_same() -> None:
    text = "SIMULATED: the heat of the plasma and the loss of particles at the wall."
    assert detect_language(text) == detect_language(text + " \u2013") == "en"


@pytest.mark.parametrize(("text", "code"), [("ENG", "en"), ("en-US", "en"), ("chi", "zh"), ("und", ""), ("German", "")])
def test_codes_of_both_lengths_are_known(text: str, code: str) -> None:
    assert language_code(text) == code


def test_formulas_and_addresses_say_nothing() -> None:
    assert detect_language(r"$\text{the of and}$ https://example.org/the/of/and") == UNDETERMINED


@given(st.text(max_size=200), st.text(max_size=10))
@settings(deadline=None, max_examples=300)
def test_any_text_has_a_code_or_none(text: str, declared: str) -> None:
    code = detect_language(text, declared)
    assert code == UNDETERMINED or (len(code) == 2 and code.isascii() and code.islower())


def test_real_titles_are_told_apart(shared_data: Path) -> None:
    """Chinese titles and English abstracts of the shared corpus, of which none may be called something else."""
    import pandas as pd

    chinese = list(pd.read_parquet(shared_data / "zh" / "csl_papers.parquet")["title_zh"].head(3000))
    assert sum(detect_language(title) != "zh" for title in chinese) <= 0.005 * len(chinese)
    english = pd.read_parquet(shared_data / "arxiv" / "arxiv_2013_2016.parquet", columns=["title", "abstract"]).head(
        2000
    )
    titles = [detect_language(title) for title in english["title"]]
    assert sum(code not in ("en", UNDETERMINED) for code in titles) <= 0.003 * len(titles)
    assert titles.count("en") >= 0.9 * len(titles)
    whole = [detect_language(str(text)) for text in english["abstract"] if text]
    assert whole.count("en") >= 0.998 * len(whole)
