"""One string into names, accents into letters."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("Ann Other", ("Ann Other",)),
        ("A. One, B. Two and C. Three", ("A. One", "B. Two", "C. Three")),
        ("A. One, B. Two, and C. Three", ("A. One", "B. Two", "C. Three")),
        ("A. One & B. Two", ("A. One", "B. Two")),
        ("A. One (Nowhere, Inc. (Dept. 3) and Sons), B. Two (2)", ("A. One", "B. Two")),
        ("A. One (Nowhere, B. Two", ("A. One", "Nowhere", "B. Two")),
        ("A. One), B. Two", ("A. One", "B. Two")),
        ("John Smith, Jr., B. Two, III", ("John Smith Jr.", "B. Two III")),
        ("The NULL Collaboration: A. One, B. Two, et al.", ("The NULL Collaboration", "A. One", "B. Two")),
        ("A. One, for the VOID Collaboration", ("A. One", "VOID Collaboration")),
        ("A. One on behalf of the VOID Collaboration", ("A. One", "VOID Collaboration")),
        ("J.~Doe, A.\\,B. Cee", ("J. Doe", "A. B. Cee")),
        ("Mu\\~noz, Fran\\c{c}ois {\\O}re", ("Muñoz", "François Øre")),
        ("A. One$^{1,2}$, B. Two*", ("A. One", "B. Two")),
        ("Sandy Anderson, Fernand Andre", ("Sandy Anderson", "Fernand Andre")),
        ("Leonardo da Vinci and Johannes van der Waals", ("Leonardo da Vinci", "Johannes van der Waals")),
    ],
)
def test_authors_are_split_as_people_read_them(text: str, names: tuple[str, ...]) -> None:
    assert split_authors(text) == names


_NAME = st.from_regex(r"[A-Z]\. [A-Z][a-z]{3,9}", fullmatch=True)


@given(st.lists(_NAME, max_size=30))
@settings(deadline=None)
def test_joined_names_come_apart_again(names: list[str]) -> None:
    assert split_authors(", ".join(names)) == tuple(names)
    assert split_authors(" and ".join(names)) == tuple(names)
    assert split_authors(", ".join(f"{name} (Nowhere (X), and Y)" for name in names)) == tuple(names)


@given(st.text(alphabet="ab, ()&~\\{}$'\"^.and", max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_string_gives_names_without_brackets_or_blanks(text: str) -> None:
    for name in split_authors(text):
        assert name == name.strip() != ""
        assert not set("(),") & set(name)


@pytest.mark.parametrize(
    "hostile", ["(" * 200_000, "()" * 100_000, ", " * 100_000, "a for the " * 20_000, "\\'{" * 60_000]
)
def test_hostile_strings_take_linear_time(hostile: str) -> None:
    start = time.process_time()
    split_authors(hostile)
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("Erd\\H{o}s", "Erdős"),
        ('Schr\\"odinger', "Schrödinger"),
        ('Schr{\\"o}dinger', "Schrödinger"),
        ("\\v{S}im\\'{\\i}k", "Šimík"),
        ("\\v Sim\\'\\i k", "Šimík"),
        ('Gau\\ss, \\AA ngstr\\"om, {\\AE}on, \\o re', "Gauß, Ångström, Æon, øre"),
        ("\\chi and \\omega and \\log", "\\chi and \\omega and \\log"),
        ("$\\v{x}$ and \\v{s}", "$\\v{x}$ and š"),
        ('costs \\$5, na\\"ive', "costs \\$5, naïve"),
        ('one $ only, na\\"ive', "one $ only, naïve"),
        ("\\k{a}\\d{s}\\r{u}\\b{d}\\u{g}", "ąṣůḏğ"),
        ("no tex", "no tex"),
    ],
)
def test_tex_accents_become_letters_outside_formulas(tex: str, text: str) -> None:
    assert to_unicode(tex) == text
