"""Labels with their evidence."""

import math
from datetime import date

import pytest

from horizon.records import Code, Item
from nlp.classifier import Classifier, cpc_log_odds
from nlp.codes import CodeSummary
from nlp.features import Document
from taxonomy.load import Taxonomy
from taxonomy.schema import Bilingual, Route, RouteGroup, Term


def _item(title: str, abstract: str | None = None, codes: tuple[Code, ...] = ()) -> Item:
    return Item(
        id="arxiv:2611.00001",
        source="arxiv",
        kind="preprint",
        title=title,
        abstract=abstract,
        published=date(2026, 11, 16),
        codes=codes,
        url="https://example.org/2611.00001",
    )


_QUBITS = _item(
    "A study of superconducting qubits",
    "We measure a superconducting qubit and improve its control for quantum error correction.",
)


def test_an_item_gets_its_area_with_evidence_and_names_of_model_and_taxonomy(classifier: Classifier) -> None:
    ((label, *_),) = classifier.classify([_QUBITS])
    assert (label.area, label.assigned, label.item_id) == ("quantum_technology", True, _QUBITS.id)
    assert (label.model, label.taxonomy) == (classifier.fingerprint, classifier.taxonomy.version)
    assert any(each.concept == "superconducting qubit" for each in label.evidence)
    assert any(each.kind == "feature" for each in label.evidence)


def test_every_span_of_evidence_is_verbatim(classifier: Classifier) -> None:
    texts = {"title": _QUBITS.title, "abstract": _QUBITS.abstract or ""}
    for label in classifier.classify([_QUBITS])[0]:
        for each in [*label.evidence, *(one for route in label.routes for one in route.evidence)]:
            if each.start is not None:
                assert texts[each.field or ""][each.start : each.end] == each.text


def test_an_item_of_no_area_gets_no_assigned_label(classifier: Classifier) -> None:
    (labels,) = classifier.classify([_item("Tax law in medieval poetry", "Glaciers and whale song.")])
    assert not any(label.assigned for label in labels)


def test_an_item_may_be_of_two_areas(classifier: Classifier) -> None:
    text = "A tokamak with superconducting qubits: quantum error correction for divertor control by trapped ions"
    (labels,) = classifier.classify([_item(text, f"{text}. The tokamak and its stellarator; the qubit.")])
    assert {"quantum_technology", "controlled_nuclear_fusion"} <= {label.area for label in labels if label.assigned}


def test_listed_areas_have_a_probability_of_at_least_5_per_cent_in_falling_order(classifier: Classifier) -> None:
    (labels,) = classifier.classify([_QUBITS])
    probabilities = [label.probability for label in labels]
    assert probabilities == sorted(probabilities, reverse=True)
    assert min(probabilities) >= 0.05


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("", None),
        ("", ""),
        (" ", "\x00\ud800"),
        ("$" * 5000, "</sub>" * 5000),
        ("\u202eevil\u202c", "<script>alert(1)</script>"),
    ],
)
def test_absent_and_hostile_texts_are_classified_as_anything_else(
    classifier: Classifier, title: str, abstract: str | None
) -> None:
    (judgements,) = classifier.judge([Document("made:1", title, abstract)])
    assert not any(each.assigned for each in judgements)


def test_a_megabyte_abstract_is_read_to_its_end(classifier: Classifier) -> None:
    abstract = "filler words " * 80_000 + "superconducting qubit"
    (judgements,) = classifier.judge([Document("made:1", "Trapped ion qubits", abstract)])
    quantum = next(each for each in judgements if each.area == "quantum_technology")
    assert any(each.start == len(abstract) - 21 for each in quantum.evidence)


def test_labels_do_not_depend_on_the_company_of_other_items(classifier: Classifier) -> None:
    others = [Document(f"made:{n}", f"Divertor number {n}", "A tokamak.") for n in range(300)]
    qubits = Document.of(_QUBITS)
    assert list(classifier.judge([*others, qubits]))[-1] == next(classifier.judge([qubits]))


def test_chinese_is_judged_by_the_rules_that_all_areas_share(classifier: Classifier) -> None:
    (judgements,) = classifier.judge([Document("made:1", "面向脑机接口的运动想象脑电解码", "提出一种侵入式脑机接口。")])
    assert (judgements[0].area, judgements[0].assigned) == ("brain_computer_interface", True)
    assert all(each.kind != "feature" for each in judgements[0].evidence)


def test_a_core_patent_code_speaks_for_an_area_and_a_kept_out_one_against(classifier: Classifier) -> None:
    def probability(symbol: str) -> float:
        codes = (Code(scheme="cpc", symbol=symbol),)
        (judgements,) = classifier.judge([Document("made:1", "Device with plasma chamber for a tokamak", None, codes)])
        return next((each.probability for each in judgements if each.area == "controlled_nuclear_fusion"), 0.0)

    assert probability("G21B1/05") > probability("A01B1/00")
    assert cpc_log_odds(CodeSummary(exclude=1)) < 0 < cpc_log_odds(CodeSummary(support=1))
    assert cpc_log_odds(CodeSummary(core=1, exclude=2)) == cpc_log_odds(CodeSummary(core=1))


def test_routes_are_named_within_their_area(classifier: Classifier) -> None:
    (judgements,) = classifier.judge([Document("made:1", "Tokamak plasma control", "The tokamak is stable.")])
    routes = {route.route: route.probability for route in judgements[0].routes}
    assert routes["tokamak"] > 0.5


def test_a_twelfth_area_is_classified_without_training(classifier: Classifier, taxonomy: Taxonomy) -> None:
    phrases = ["lunar regolith brick", "moon base", "regolith sintering", "lunar dust", "moon dome", "lunar mortar"]
    terms = tuple(Term(text=text, weight=3) for text in phrases)
    base = taxonomy.areas[0]
    route = Route(id="sintering", name=Bilingual(en="Sintering", zh="烧结"), terms=terms)
    group = RouteGroup(id="way", name=route.name, routes=(route, route.model_copy(update={"id": "other"})))
    update = {"id": "lunar_building", "terms": terms, "exclusions": (), "route_groups": (group,)}
    area = base.model_copy(update=update)
    twelve = Classifier(
        classifier._model, Taxonomy((*taxonomy.areas, area), "twelve"), fingerprint=classifier.fingerprint
    )
    (labels,) = twelve.classify([_item("Lunar regolith bricks by regolith sintering", "For a moon base.")])
    assert (labels[0].area, labels[0].assigned, labels[0].taxonomy) == ("lunar_building", True, "twelve")
    assert labels[0].routes[0].route in ("sintering", "other")


def test_the_shipped_model_decides_the_taxonomys_own_examples(taxonomy: Taxonomy) -> None:
    shipped = Classifier.load(None, taxonomy)
    wrong: list[str] = []
    total = 0
    for column, area in enumerate(taxonomy.areas):
        for truth, examples in ((True, area.examples.yes), (False, area.examples.no)):
            total += len(examples)
            probabilities, thresholds = shipped.decisions(
                Document("made:1", each.title, each.abstract) for each in examples
            )
            decided = probabilities[:, column] >= thresholds[:, column]
            wrong += [
                f"{area.id} {truth}: {each.title}"
                for each, said in zip(examples, decided, strict=True)
                if bool(said) is not truth
            ]
    assert len(wrong) <= math.floor(0.1 * total), "\n".join(wrong)


def test_a_text_without_a_vector_has_no_nearest_items(classifier: Classifier) -> None:
    [judged] = classifier.judge([Document("zh", "超导量子比特的量子纠错", "本文研究量子纠错。")])
    assert [each.area for each in judged if each.assigned] == ["quantum_technology"]
    assert not [each for judgement in judged for each in judgement.evidence if each.kind == "neighbour"]
