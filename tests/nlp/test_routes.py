"""Routes, by the taxonomy's words for each."""

import pytest

from nlp.matcher import Matcher
from nlp.routes import Hits, route_of_words, route_probability
from taxonomy.load import Taxonomy


@pytest.mark.parametrize(
    ("area", "words", "route"),
    [
        ("quantum_technology", "NV solid spin", "nv_solid_spin"),
        ("quantum_technology", "colour centre", "colour_centre_donor"),
        ("cell_and_gene_therapy", "AAV other viral vectors", "aav_viral_vectors"),
        ("regenerative_medicine", "mesenchymal stem cells", "mesenchymal_adult"),
        ("controlled_nuclear_fusion", "tokamak", "tokamak"),
        ("controlled_nuclear_fusion", "silicon nitride", None),
        ("controlled_nuclear_fusion", "", None),
    ],
)
def test_annotators_words_name_a_route_of_the_area(
    taxonomy: Taxonomy, area: str, words: str, route: str | None
) -> None:
    (found,) = (each for each in taxonomy.areas if each.id == area)
    assert route_of_words(words, found) == route


def _hits(taxonomy: Taxonomy, title: str, abstract: str = "") -> Hits:
    matcher = Matcher(taxonomy)
    return matcher.route_hits(matcher.match(title, abstract), "controlled_nuclear_fusion")


def test_a_route_in_the_title_is_likelier_than_one_in_passing(taxonomy: Taxonomy) -> None:
    hits = _hits(taxonomy, "A tokamak", "As in a stellarator.")
    assert route_probability(hits["tokamak"]) > route_probability(hits["stellarator"]) > 0.5
    assert route_probability([]) == 0.0
    assert not _hits(taxonomy, "A whale")
