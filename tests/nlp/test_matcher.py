"""Phrases of a taxonomy in texts."""

from collections.abc import Sequence

import pytest

from nlp.matcher import Hit, Matcher, Matches
from nlp.normalize import normalize
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile, Term


@pytest.fixture(scope="module")
def small(taxonomy: Taxonomy) -> Taxonomy:
    """One area whose terms these tests know."""
    terms = [
        Term(text="brain-computer interface", weight=3),
        Term(text="interface", weight=0.5),
        Term(text="RIS", case="exact", weight=2),
        Term(text="spike", near=("neuron",), weight=1),
        Term(text="脑机接口", lang="zh", weight=3),
        Term(text="CAR-T细胞", lang="zh", weight=3),
        Term(text="Ga2O3", weight=3),
    ]
    area = taxonomy.areas[0].model_copy(
        update={"id": "small", "terms": tuple(terms), "exclusions": (Term(text="user interface design", weight=2),)}
    )
    return Taxonomy((area,), "small")


def _found(matcher: Matcher, title: str, abstract: str | None = None) -> list[tuple[str, str, str]]:
    matches = matcher.match(title, abstract)
    hits = matcher.area_hits(matches).get("small", [])
    return [(hit.concept.kind, hit.concept.text, _quote(matches, hit)) for hit in hits]


def _quote(matches: Matches, hit: Hit) -> str:
    return matches.evidence(hit).text


@pytest.fixture(scope="module")
def matcher(small: Taxonomy) -> Matcher:
    return Matcher(small)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Brain–computer interfaces today", [("term", "brain-computer interface", "Brain–computer interfaces")]),
        ("A brain computer\ninterface", [("term", "brain-computer interface", "brain computer\ninterface")]),
        ("RISs in cities", [("term", "RIS", "RISs")]),
        ("ris in cities", []),
        ("一种脑机接口系统", [("term", "脑机接口", "脑机接口")]),
        ("脑 机 接 口", [("term", "脑机接口", "脑 机 接 口")]),
        ("新的CAR-T细胞产品", [("term", "CAR-T细胞", "CAR-T细胞")]),
        ("Diodes of Ga$_2$O$_3$", [("term", "Ga2O3", "Ga$_2$O$_3")]),
        ("User interface design", [("exclusion", "user interface design", "User interface design")]),
        ("The brain. Computer interface", [("term", "interface", "interface")]),
    ],
)
def test_phrases_are_found_whatever_their_spelling(
    matcher: Matcher, title: str, found: Sequence[tuple[str, str, str]]
) -> None:
    assert _found(matcher, title) == found


def test_the_longest_of_overlapping_phrases_counts(matcher: Matcher) -> None:
    assert [text for _, text, _ in _found(matcher, "Brain-computer interface and interface")] == [
        "brain-computer interface",
        "interface",
    ]


def test_a_term_with_company_counts_only_in_that_company(matcher: Matcher) -> None:
    assert _found(matcher, "A spike in prices") == []
    assert [text for _, text, _ in _found(matcher, "A spike", "of a neuron")] == ["spike"]


def test_evidence_gives_field_and_offsets_of_the_original(matcher: Matcher) -> None:
    matches = matcher.match("Notes", "On ﬁne Brain–computer interfaces.")
    (hit,) = matcher.area_hits(matches)["small"]
    evidence = matches.evidence(hit)
    assert (evidence.field, evidence.start, evidence.end) == ("abstract", 7, 32)
    assert matches.abstract.original[7:32] == evidence.text == "Brain–computer interfaces"


def test_reading_many_texts_does_not_grow_the_vocabulary(matcher: Matcher) -> None:
    matcher.match("interface", None)
    before = len(matcher._folded._vocab)
    for number in range(300):
        matcher.match(f"interface of word{number}", None)
    assert len(matcher._folded._vocab) == before


def test_every_yes_example_of_the_taxonomy_has_a_term_of_its_area(taxonomy: Taxonomy) -> None:
    matcher = Matcher(taxonomy)
    silent = [
        f"{area.id}: {example.title}"
        for area in taxonomy.areas
        for example in area.examples.yes
        if not _has_term(matcher, area, example.title, example.abstract)
    ]
    assert silent == []


def _has_term(matcher: Matcher, area: AreaFile, title: str, abstract: str) -> bool:
    hits = matcher.area_hits(matcher.match(title, abstract)).get(area.id, [])
    return any(hit.concept.kind == "term" for hit in hits)


def test_every_phrase_of_the_taxonomy_finds_itself(taxonomy: Taxonomy) -> None:
    matcher = Matcher(taxonomy)
    for area in taxonomy.areas:
        for term in area.terms:
            text = " ".join([term.text, *term.near])
            words = normalize(text).words
            found = {hit.concept.text for hit in matcher.area_hits(matcher.match(text, None)).get(area.id, [])}
            assert found, f"{area.id}: {term.text!r} ({words}) finds nothing"
