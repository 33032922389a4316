"""Verdicts of experts, on both databases."""

import pytest
from pydantic import ValidationError

from horizon.errors import StoreError
from horizon.records import Verdict
from store.database import Store
from tests.store.samples import a_label, a_verdict, an_item, at, scan

ITEM = an_item()
FILE, OTHER_FILE = "a" * 64, "b" * 64


@pytest.fixture(autouse=True)
def _with_an_item(store: Store) -> None:
    scan(store, [ITEM, an_item(2)], [a_label(ITEM)])


def test_verdicts_are_read_in_the_order_in_which_they_were_given(store: Store) -> None:
    later, earlier = a_verdict(ITEM, day=3, choice="reject"), a_verdict(an_item(2), day=2, comment="意见")
    elsewhere = a_verdict(ITEM, "photonics", day=2)
    assert store.add_verdicts(at(3), FILE, [later, earlier, elsewhere]) == [later, earlier, elsewhere]
    assert store.verdicts() == [elsewhere, earlier, later]
    assert store.verdicts(area="photonics") == [elsewhere]
    assert store.verdicts(as_of=at(2)) == []


def test_two_verdicts_within_one_second_keep_their_order(store: Store) -> None:
    choices = ("reject", "accept", "reject", "accept")
    for number, choice in enumerate(choices):
        store.add_verdicts(at(1), f"{number}" * 64, [a_verdict(ITEM, choice=choice)])
    assert [verdict.choice for verdict in store.verdicts()] == list(choices)


def test_two_experts_may_judge_the_same_item_in_one_file(store: Store) -> None:
    both = [a_verdict(ITEM, expert="Bo"), a_verdict(ITEM, expert="Ada", choice="reject")]
    store.add_verdicts(at(1), FILE, both)
    assert store.verdicts() == both, "in the order of the file"


def test_the_same_file_again_adds_nothing_even_after_a_later_one(store: Store) -> None:
    first, changed = a_verdict(ITEM), a_verdict(ITEM, day=2, choice="reject")
    store.add_verdicts(at(1), FILE, [first])
    store.add_verdicts(at(2), OTHER_FILE, [changed])
    before = store.table_digest()
    assert store.add_verdicts(at(3), FILE, [a_verdict(ITEM, day=3)]) == []
    assert store.add_verdicts(at(3), FILE, [a_verdict(ITEM, day=3, content_sha256="c" * 64)]) == []
    assert store.table_digest() == before
    assert store.verdicts()[-1] == changed


def test_what_an_expert_said_last_is_not_said_again_but_a_change_of_mind_is(store: Store) -> None:
    store.add_verdicts(at(1), FILE, [a_verdict(ITEM)])
    assert store.add_verdicts(at(2), OTHER_FILE, [a_verdict(ITEM, day=2)]) == []
    for day, changes in ((3, {"choice": "reject"}), (4, {}), (5, {"expert": "Bo"}), (6, {"comment": "sure"})):
        verdict = a_verdict(ITEM, day=day, **changes)
        assert store.add_verdicts(at(day), str(day) * 64, [verdict]) == [verdict]
    assert len(store.verdicts()) == 5


def test_an_item_that_was_never_ingested_stops_all(store: Store) -> None:
    with pytest.raises(StoreError, match=r"never ingested: arxiv:2611\.00009"):
        store.add_verdicts(at(1), FILE, [a_verdict(ITEM), a_verdict(an_item(9))])
    assert store.verdicts() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"expert": "  "},
        {"choice": "perhaps"},
        {"areas": ("photonics",)},
        {"content_sha256": "x"},
        {"expert": "x" * 201},
    ],
)
def test_a_verdict_that_says_nothing_clear_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Verdict.model_validate({**a_verdict(ITEM).model_dump(), **changes})
