"""A search of a library finds what a look at each record finds."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.replay.criteria import Library
from scrapers.replay.europepmc_search import Searched, read_query, words_of

_words = st.lists(st.sampled_from(["gene", "therapy", "cell", "a", "bioink"]), min_size=1, max_size=4).map(" ".join)
_records = st.builds(
    lambda text, source, day: Searched(words_of(text), source, f"2026-11-{day:02d}", f"2026-11-{day:02d}"),
    _words,
    st.sampled_from(["MED", "PPR"]),
    st.integers(1, 28),
)
_leaf = st.one_of(
    _words.map(lambda text: f'TITLE_ABS:"{text}"'),
    st.sampled_from(["SRC:MED", "SRC:PPR"]),
    st.integers(1, 20).map(lambda day: f"FIRST_IDATE:[2026-11-{day:02d} TO 2026-11-{day + 5:02d}]"),
)
_queries = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda query: f"(NOT {query})"),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.lists(_records, max_size=12), _queries)
def test_a_library_is_searched_as_its_records_are(records: list[Searched], query: str) -> None:
    test = read_query(query)
    assert test.among(Library(records)) == {place for place, record in enumerate(records) if test(record)}


def test_a_phrase_of_no_word_finds_nothing() -> None:
    records = [Searched(words_of(letter), "MED", "", "") for letter in string.ascii_lowercase]
    assert read_query('TITLE_ABS:"-"').among(Library(records)) == set()
