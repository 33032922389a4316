"""Terms of documents: what counts as one word, what ends a term, and blocks that come back as they were."""

from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from trends.terms import (
    Paper,
    WeekTerms,
    author_key,
    documents_with,
    expansions,
    extract_week,
    from_bytes,
    gram_hash,
    grams,
    normalise,
    to_bytes,
)

DAY = date(2026, 11, 18)


def _terms(title: str, abstract: str = "") -> set[int]:
    return set(grams(extract_week([Paper("x:1", DAY, title, abstract)])).hashes.tolist())


def _holds(term: str, title: str, abstract: str = "") -> bool:
    return gram_hash(normalise(term).split()) in _terms(title, abstract)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Graph Neural Networks", "graph neural-network"),
        ("Non-orthogonal multiple access", "nonorthogonal multiple access"),
        ("Analyses", "analysis"),
        ("Topologies", "topology"),
        ('Schr\\"{o}dinger', "schrodinger"),
        ("GANs", "gan"),
        ("spin\u2013orbit", "spin-orbit"),
    ],
)
def test_spellings_of_one_term_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize("word", ["chaos", "physics", "bias", "virus", "glass", "axis", "gas"])
def test_words_that_only_look_plural_stay(word: str) -> None:
    assert normalise(word) == word


def test_stop_words_and_punctuation_end_a_term() -> None:
    assert _holds("neural network", "Neural networks for tea")
    assert not _holds("network tea", "Neural networks for tea")
    assert not _holds("network tea", "Neural networks, tea")
    assert not _holds("network tea", "Neural networks $x^2$ tea")


def test_of_may_stand_inside_three_words_only() -> None:
    assert _holds("internet of things", "The Internet of Things")
    assert not _holds("things", "The of of")
    assert gram_hash(["internet", "of", "thing"]) != gram_hash(["internet", "thing"])


def test_numbers_and_lone_letters_name_nothing() -> None:
    assert not _terms("5 7 2019 x")
    assert _holds("5g", "5G now")
    assert not _holds("ai", "AI now")
    assert _holds("ai chip", "AI chips now")


def test_the_title_is_told_from_the_abstract() -> None:
    found = grams(extract_week([Paper("x:1", DAY, "Memristor", "Memristors and lasers")]))
    assert found.in_title.tolist().count(True) == 1
    assert found.hashes[found.in_title][0] == gram_hash(["memristor"])


def test_an_acronym_is_read_only_after_its_words() -> None:
    assert expansions("We use generative adversarial networks (GANs) here") == ["gan=generative adversarial network"]
    assert expansions("We use something else (GAN) here") == []
    assert expansions("(GAN)") == []


def test_an_author_is_one_however_written() -> None:
    assert author_key("Jane Q. Doe") == author_key("J. Doe") == author_key("Doe, Jane")
    assert author_key("Jane Doe") != author_key("Kate Doe")
    assert author_key("  ") == 0


def test_papers_of_two_weeks_are_refused() -> None:
    with pytest.raises(ValueError, match="one week"):
        extract_week([Paper("x:1", DAY, "a"), Paper("x:2", date(2026, 1, 1), "b")])


def test_a_paper_given_twice_counts_once_and_order_does_not_matter() -> None:
    one, two = Paper("x:1", DAY, "Quiet lasers"), Paper("x:2", DAY, "Loud lasers")
    assert to_bytes(extract_week([one, two, one])) == to_bytes(extract_week([two, one]))


def test_bytes_that_are_no_block_are_refused() -> None:
    content = to_bytes(extract_week([Paper("x:1", DAY, "Quiet lasers")]))
    for broken in (b"", b"PK", content[: len(content) // 2]):
        with pytest.raises(ParseError, match="extract the week again"):
            from_bytes(broken)


def _same(one: WeekTerms, other: WeekTerms) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(WeekTerms))


TEXT = st.text(max_size=80) | st.sampled_from(
    ["$$", "\\", "\\'e", "{", "(GAN)", "\0", "-", "a\u2013b", "$x", "\ud800", "\u0130s"]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(TEXT, TEXT, st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=2)), max_size=4, min_size=1))
def test_any_text_at_all_makes_a_block_that_comes_back(rows: list[tuple[str, str, list[str], list[str]]]) -> None:
    papers = [Paper(f"x:{at}", DAY, row[0], row[1], tuple(row[2]), tuple(row[3])) for at, row in enumerate(rows)]
    block = extract_week(papers)
    back = from_bytes(to_bytes(block))
    assert to_bytes(back) == to_bytes(block)
    found, again = grams(block), grams(back)
    assert np.array_equal(found.hashes, again.hashes)
    assert (found.document < len(papers)).all()
    assert not any("\0" in word for word in block.words)


def test_a_block_of_plain_text_comes_back_as_it_was() -> None:
    block = extract_week([Paper("x:1", DAY, "Quiet lasers", "We use a quiet laser (QL).", ("A. B",), ("c.D",))])
    assert _same(from_bytes(to_bytes(block)), block)
    assert block.acronyms == ("ql=quiet laser",)


def test_documents_that_name_a_term_count_once_each() -> None:
    block = extract_week(
        [
            Paper("x:1", DAY, "Lattice weaving", "Lattice weavings of looms; a lattice, weaving."),
            Paper("x:2", DAY, "A lattice", "weaving by other means"),
            Paper("x:3", DAY, "On looms", "The lattice-weaving of looms"),
            Paper("x:4", DAY, "Theory of looms of silk"),
        ]
    )
    assert documents_with(block, "lattice weaving") == 2
    assert documents_with(block, "loom") == 3
    assert documents_with(block, "weaving of loom") == 2
    assert documents_with(block, "unheard word") == 0


@given(st.lists(st.sampled_from(["silk", "loom", "of", "the", "knot"]), min_size=1, max_size=12))
def test_a_term_is_found_where_its_ngrams_are(words: list[str]) -> None:
    block = extract_week([Paper("x:1", DAY, " ".join(words))])
    held = set(grams(block).hashes.tolist())
    for term in (["silk"], ["silk", "loom"], ["loom", "of", "silk"], ["knot", "silk", "loom"]):
        assert documents_with(block, " ".join(term)) == (gram_hash(term) in held)
