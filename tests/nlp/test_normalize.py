"""The normal form: one for terms and texts, with the way back to the original."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.normalize import normalize, normalize_phrase

_HARD = "aZé９．。，量子光芯片-–—−_$^{}\\\"'’sßİΐŉﬁ½²₂β μ\u00ad\u200b\u0301\ud800Ⅳ㎡<>/sub()[]\u3000"
texts = st.text() | st.text(alphabet=_HARD, max_size=60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Brain–computer interfaces", "brain computer interface"),
        ("Ga$_2$O$_3$", "Ga2O3"),
        ("Ga$_{2}$O$_{3}$", "Ga₂O₃"),
        (r"$\mathrm{Ga}_2\mathrm{O}_3$", "ga2o3"),
        ("Ga<sub>2</sub>O<sub>3</sub>", "ga2o3"),
        ("β-Ga₂O₃", r"$\beta$-Ga$_2$O$_3$"),
        ("Grover's algorithm", "Grover’s algorithms"),
        (r"Schr\"{o}dinger cat", "Schrödinger cats"),
        ("ｑｕａｎｔｕｍ　６Ｇ", "quantum 6G"),
        ("therapies and viruses", "therapy and virus"),
        ("InAs/GaSb superlattices", "InAs-GaSb superlattice"),
        ("量子 计算", "量子计算"),
        ("photon\u00adic", "photonic"),
        ("Synthetic analyses", "synthetic analysis"),
    ],
)
def test_spellings_of_one_phrase_have_one_form(one: str, other: str) -> None:
    assert normalize(one).text == normalize(other).text


@pytest.mark.parametrize(
    ("one", "other"),
    [("quantum, computing", "quantum computing"), ("AAV", "aavx"), ("gas", "ga"), ("class", "clas"), ("6G", "6")],
)
def test_different_phrases_stay_different(one: str, other: str) -> None:
    assert normalize(one).text != normalize(other).text


def test_the_exact_form_keeps_case_and_folds_plurals_of_acronyms() -> None:
    assert normalize("SNNs and AAVs, GaN").exact == ("SNN", "and", "AAV", ",", "GaN")


def test_a_term_loses_punctuation_at_its_ends_only() -> None:
    assert normalize_phrase("(bio)printing.") == ("bio", ")", "printing")


def test_words_quote_the_original() -> None:
    form = normalize("A β–Ga$_2$O$_3$ diode, ５ 量子比特")
    place = form.words.index("ga2o3")
    assert form.quote(place, place + 1) == "Ga$_2$O$_3"
    assert form.quote(len(form.words) - 4, len(form.words)) == "量子比特"


@given(texts)
@settings(deadline=None)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalize(text).text
    assert normalize(once).text == once


@given(texts)
@settings(deadline=None)
def test_spans_are_in_order_in_range_and_one_for_each_word(text: str) -> None:
    form = normalize(text)
    assert len(form.spans) == len(form.words) == len(form.exact)
    end = 0
    for start, stop in form.spans:
        assert end <= start < stop <= len(text)
        end = stop


@given(texts)
@settings(deadline=None)
def test_each_span_slices_back_to_its_own_word(text: str) -> None:
    form = normalize(text)
    for place, word in enumerate(form.words):
        again = normalize(form.quote(place, place + 1)).words
        assert word in ("".join(again), *again)


@given(texts)
@settings(deadline=None)
def test_offsets_run_in_step_with_the_text_and_never_back(text: str) -> None:
    form = normalize(text)
    assert len(form.offsets) == len(form.text)
    assert list(form.offsets) == sorted(form.offsets)
    assert all(0 <= place < len(text) for place in form.offsets)


def test_a_megabyte_of_markup_is_read_in_linear_time() -> None:
    for unit in ("$", "a$", "\\rm ", "'s", "<sub>", "a\\", "é", "量"):
        assert normalize(unit * (400_000 // len(unit))).original
