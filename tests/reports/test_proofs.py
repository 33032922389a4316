"""What stands behind a claim is found in whatever record or sentence the document holds."""

from reports.facts import Brief, Figure, FigureParam, ListParam, Query, Statement
from reports.language import language
from reports.policy import brief_plan
from reports.proofs import MOST_IDS, field_word, proofs_of
from reports.view import View


def view(brief: Brief) -> View:
    return View(brief, language("en"), brief_plan("weekly").limits["html"])


def test_numbers_within_a_list_within_a_sentence_are_behind_it(brief: Brief) -> None:
    figure = Figure(value=3.0, unit="weeks", query=Query(kind="unknown_weeks", args={"source": "arxiv"}))
    part = Statement(
        template="grade_counts", params={"n": FigureParam(figure=figure), "unknown": FigureParam(figure=figure)}
    )
    whole = Statement(template="source_unknown", params={"sources": ListParam(parts=(part,))})
    told = view(brief.model_copy(update={"bottom_line": (whole,)}))
    behind = proofs_of(told).of((told.say(whole),))
    assert {proof.query for proof in behind} == {"unknown_weeks(source=arxiv)"}


def test_a_text_that_holds_a_claim_has_its_proofs_and_another_has_none(brief: Brief) -> None:
    told = view(brief)
    proofs = proofs_of(told)
    claim = next(iter(proofs.claims))
    assert proofs.of((f"Before. {claim} After.",)) == proofs.claims[claim]
    assert proofs.of(("Nothing of the kind.",)) == ()


def test_every_record_with_numbers_has_a_place_of_its_name(brief: Brief) -> None:
    told = view(brief)
    proofs = proofs_of(told)
    names = [*(told.name(each.name) for each in brief.coverage), *(item.id for item in brief.items)]
    assert all(proofs.link(name) for name in names)
    assert proofs.link("nothing") is None
    figures = sum(len(group.proofs) for group in proofs.groups)
    assert figures > 9 * len(brief.areas)


def test_of_many_ids_the_first_are_shown_and_the_rest_counted(brief: Brief) -> None:
    row = max(brief.areas, key=lambda each: len(each.n_week.ids))
    ids = row.n_week.ids
    assert len(ids) > MOST_IDS
    proof = next(
        proof for group in proofs_of(view(brief)).groups for proof in group.proofs if proof.ids == ids[:MOST_IDS]
    )
    assert proof.more == len(ids) - MOST_IDS


def test_a_field_without_a_word_keeps_its_own_name() -> None:
    words = language("en")
    assert field_word(words, "routes.probability") == "probability of a route"
    assert field_word(words, "change.delta") == "change since last issue"
    assert field_word(words, "something_new") == "something_new"
