"""Sentences that speak of what the policy asks of an area's tier."""

from itertools import pairwise

import pytest

from horizon.records import Evidence
from nlp.lens import FEATURES, LISTED_FROM, LensReader, compile_cue, probability, sentences, shipped_weights
from nlp.normalize import normalize
from taxonomy.load import Taxonomy, load_cues


@pytest.fixture(scope="module")
def reader(taxonomy: Taxonomy) -> LensReader:
    return LensReader(taxonomy)


def _evidence(reader: LensReader, area: str, title: str, abstract: str = "") -> list[Evidence]:
    return list(reader.evidence(normalize(title), normalize(abstract), area))


def _aspects(found: list[Evidence]) -> set[str]:
    return {(each.concept or "").partition(":")[0] for each in found}


@pytest.mark.parametrize(
    ("area", "aspect", "sentence"),
    [
        ("embodied_intelligence", "cost_reduction", "We present a low-cost gripper made of off-the-shelf parts."),
        ("brain_computer_interface", "accessibility", "Our plug-and-play headset is easy to use at home."),
        ("embodied_intelligence", "ecosystem", "Our code and dataset are available at a public page on GitHub."),
        ("silicon_photonics", "prototype", "We fabricate and experimentally demonstrate 3 modulators."),
        ("quantum_technology", "feasibility", "We report the experimental demonstration of a 2-qubit gate."),
        ("quantum_technology", "challenge_solved", "Here we overcome this loss for the first time."),
        ("sixth_generation_mobile", "market_validation", "We report 2 field trials and their standardization in 3GPP."),
        ("embodied_intelligence", "cost_reduction", "本文给出了一种低成本的机器人方案并降低了训练成本"),
    ],
)
def test_a_sentence_is_flagged_for_what_it_speaks_of(reader: LensReader, area: str, aspect: str, sentence: str) -> None:
    found = _evidence(reader, area, "A title about nothing in particular", f"One sentence goes before it. {sentence}")
    assert aspect in _aspects(found)


def test_a_flag_quotes_its_whole_sentence_at_its_offsets(reader: LensReader) -> None:
    abstract = "Robots are many. We build a low-cost hand from off-the-shelf parts. It is tested on tasks."
    (flag,) = [each for each in _evidence(reader, "embodied_intelligence", "Hands of robots", abstract)
               if (each.concept or "").startswith("cost_reduction")]  # fmt: skip
    assert flag.text == "We build a low-cost hand from off-the-shelf parts"
    assert abstract[flag.start : flag.end] == flag.text
    assert flag.weight is not None
    assert LISTED_FROM <= flag.weight <= 1


def test_of_a_long_sentence_the_clauses_round_the_phrase_are_quoted(reader: LensReader) -> None:
    filling = "which turns about many things of no weight at all, " * 12
    abstract = f"{filling}and we show a low-cost hand of off-the-shelf parts, {filling}as was said before."
    found = _evidence(reader, "embodied_intelligence", "Hands of robots", abstract)
    (flag,) = [each for each in found if (each.concept or "").startswith("cost_reduction")]
    assert "low-cost hand" in flag.text
    assert len(flag.text) <= 240
    assert abstract[flag.start : flag.end] == flag.text


def test_a_want_is_less_likely_than_a_claim() -> None:
    claim = [int(name in ("strong", "this work")) for name in FEATURES]
    want = [int(name in ("strong", "want")) for name in FEATURES]
    assert probability("cost_reduction", claim) > probability("cost_reduction", want)


def test_features_tell_how_a_sentence_speaks(reader: LensReader) -> None:
    abstract = "We go first. We go second. However, the low-cost robot remains hard. Our low-cost robot has 2 hands."
    flags = reader.flags(normalize("Robots that go"), normalize(abstract), "embodied_intelligence")
    costs = [dict(zip(FEATURES, flag.features, strict=True)) for flag in flags if flag.aspect == "cost_reduction"]
    manner = [(each["opening"], each["this work"], each["want"], each["number"]) for each in costs]
    assert manner == [(0, 0, 1, 0), (0, 1, 0, 1)]


def test_nothing_is_flagged_without_a_pattern(reader: LensReader) -> None:
    assert _evidence(reader, "quantum_technology", "On spectra of random matrices", "The spectrum is computed.") == []
    assert _evidence(reader, "quantum_technology", "", "") == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The rate is 99.9 %. We show it. Twice!", 3),
        ("Strains of E. coli grew (Fig. 2), i.e. fast, as Li et al. Found.", 1),
        ("第一句。第二句；第三句", 3),
        ("", 0),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, count: int) -> None:
    form = normalize(text)
    found = sentences(form)
    assert len(found) == count
    assert all(before[1] < after[0] for before, after in pairwise(found))


def test_words_of_a_pattern_may_stand_apart_but_not_far(taxonomy: Taxonomy) -> None:
    cue = compile_cue("cost_reduction", "reduc* ... cost|price", "strong")
    assert [step[0] for step in cue.steps] == [0, 4]
    assert cue.steps[0][2] == ("reduc",)
    assert cue.steps[1][1] == {"cost", "price"}


def test_every_pattern_can_match_and_every_aspect_has_a_weight(taxonomy: Taxonomy) -> None:
    aspects = {part.id for area in taxonomy.areas for part in area.lens}
    assert set(load_cues()) == aspects == set(shipped_weights().aspects)
    for aspect, cues in load_cues().items():
        assert not set(cues.strong) & set(cues.weak), aspect
        for text in (*cues.strong, *cues.weak, *cues.zh):
            steps = compile_cue(aspect, text, "strong").steps
            assert steps, (aspect, text)
            assert all(words or prefixes for _, words, prefixes in steps), (aspect, text)
            assert all(len(prefix) >= 3 for _, _, prefixes in steps for prefix in prefixes), (aspect, text)
