"""Routes: learnt from what the taxonomy's words say, for every route alike."""

import pytest

from nlp.matcher import Matcher
from nlp.routes import FEWEST_ROUTES, UNTRAINED, Hits, fit_routes, route_of_words, route_vectors
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
    probabilities = UNTRAINED.probabilities(_hits(taxonomy, "A tokamak", f"{'word ' * 90} as in a stellarator."))
    assert probabilities["tokamak"] > probabilities["stellarator"] > 0
    assert UNTRAINED.probabilities(_hits(taxonomy, "A whale")) == {}
    assert route_vectors({}) == {}


def test_routes_are_learnt_and_too_few_leave_the_hand_set_weights(taxonomy: Taxonomy) -> None:
    hits = _hits(taxonomy, "A tokamak", f"{'word ' * 90} as in a stellarator.")
    model = fit_routes([hits] * 60, [frozenset({"tokamak"})] * 60)
    found = model.probabilities(hits)
    assert found["tokamak"] > 0.9 > 0.1 > found["stellarator"]
    assert fit_routes([hits] * (FEWEST_ROUTES - 1), [frozenset({"tokamak"})] * (FEWEST_ROUTES - 1)) is UNTRAINED
