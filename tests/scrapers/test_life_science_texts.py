"""Markup, names and fields of life-science records."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.parsers.medline_work import clean_affiliations, clean_doi, read_day, says_withdrawn
from scrapers.parsers.person_names import from_comma, from_index, from_parts
from scrapers.parsers.plain_text import fold, plain, plain_title
from scrapers.parsers.record_fields import field_paths, number_at, text_at


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<h4>Aim</h4>To see CO<sub>2</sub>.", "Aim: To see CO2."),
        ("<h4>Aim:</h4>To see.", "Aim: To see."),
        ("<p>One</p><p>two</p>", "One two"),
        ("if p < 0.05 and n > 3 then x", "if p < 0.05 and n > 3 then x"),
        ("a&lt;b and &amp;amp;", "a<b and &amp;"),
        ("&lt;i&gt;in vitro&lt;/i&gt;", "in vitro"),
        ("<jats:p>text <mml:math><mml:mi>x</mml:mi></mml:math></jats:p>", "text x"),
        ("  two\n\tlines\x00 \ud800", "two lines"),
    ],
)
def test_markup_goes_and_text_stays(text: str, told: str) -> None:
    assert plain(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A title.", ("A title", False)),
        ("What is this?", ("What is this?", False)),
        ("And so on...", ("And so on...", False)),
        ("[A translation].", ("A translation", True)),
        ("[11C]PIB and [18F]FDG", ("[11C]PIB and [18F]FDG", False)),
        (".", ("", False)),
    ],
)
def test_titles_lose_what_medline_adds(text: str, told: tuple[str, bool]) -> None:
    assert plain_title(text) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Schoenfeld JD", "J. D. Schoenfeld"),
        ("van den Berg J-P", "J.-P. van den Berg"),
        ("Nobody A 3rd", "A. Nobody 3rd"),
        ("Wang X Jr", "X. Wang Jr"),
        ("Collaborative Research UK", "Collaborative Research UK"),
        ("Plato", "Plato"),
        ("", ""),
    ],
)
def test_names_of_the_index_are_turned_round(name: str, told: str) -> None:
    assert from_index(name) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Watson, O. J.", "O. J. Watson"),
        (" Tran ,  T. N.-A. ", "T. N.-A. Tran"),
        ("Schoenfeld, JD", "J. D. Schoenfeld"),
        ("O'Neill, Z., Jr.", "Z. O'Neill Jr."),
        ("GBD Collaborators, 2026", "GBD Collaborators, 2026"),
        ("Plato", "Plato"),
        (",", ","),
    ],
)
def test_names_with_a_comma_are_turned_round(name: str, told: str) -> None:
    assert from_comma(name) == told


def test_given_names_stand_before_the_surname() -> None:
    assert from_parts("Ann B", "Nobody", "Jr") == "Ann B Nobody Jr"
    assert from_parts("AB", "Nobody") == "A. B. Nobody"


def test_affiliations_lose_addresses_of_persons_and_repeats() -> None:
    given_texts = [
        "University of Nowhere. Electronic address: a@b.example.",
        "University of Nowhere.",
        " ",
        "E-mail: x@y.example",
    ]
    assert clean_affiliations(given_texts) == ("University of Nowhere",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10.1016/S0140-6736(24)02600-X", "10.1016/s0140-6736(24)02600-x"),
        ("https://doi.org/10.5555/a.b.", "10.5555/a.b"),
        ("NA", None),
        ("10.1/short", None),
    ],
)
def test_a_doi_is_in_lower_case_and_bare(text: str, told: str | None) -> None:
    assert clean_doi(text) == told


def test_only_whole_days_are_days() -> None:
    assert read_day("2026-02-28") is not None
    assert not any(map(read_day, ("2026-02-30", "2026-02", "20260228", "2026-W01-1", "٢٠٢٦-٠٢-٢٨", "")))


@pytest.mark.parametrize(
    ("title", "abstract", "told"),
    [
        ("WITHDRAWN: a study", "", True),
        ("Retracted - a study", "", True),
        ("Withdrawn consent in trials", "Patients have withdrawn.", False),
        ("A study", "The authors have withdrawn their manuscript.", True),
        ("A study", "This article has been retracted by the journal.", True),
        ("Opioids", "Rats that had been withdrawn from morphine drank more.", False),
    ],
)
def test_a_work_that_says_that_it_is_withdrawn_is_believed(title: str, abstract: str, told: bool) -> None:
    assert says_withdrawn(title, abstract) is told


def test_numbers_and_texts_are_read_wherever_they_are_plain() -> None:
    record = {"a": {"b": " x"}, "n": "12", "m": 12, "t": True, "l": ["x"], "big": 10**5000}
    assert (text_at(record, "a", "b"), text_at(record, "a"), text_at(record, "t"), text_at(record, "big")) == (
        " x",
        "",
        "",
        "",
    )
    assert (number_at(record, "n"), number_at(record, "m"), number_at(record, "a", "b")) == (12, 12, None)
    assert sorted(field_paths({"a": [{"b": 1}, {"b": 2, "c": ""}], "d": None, "e": False})) == ["a.b", "a.b", "e"]


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read(text: str) -> None:
    for made in (plain(text), plain_title(text)[0], from_index(text), from_comma(text), *clean_affiliations([text])):
        made.encode("utf-8", "surrogatepass")
    assert fold(plain(text)) == plain(text)


@given(st.lists(st.text(st.characters(categories=("L", "N")), min_size=1), min_size=1, max_size=8))
@settings(deadline=None, max_examples=100)
def test_words_without_markup_stay_as_they_are(words: list[str]) -> None:
    assert plain(" \n".join(words)) == " ".join(words)
