"""What an issue looks back on and what the longer editions read, against a store whose truth is planted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.ledger import read_foretold
from flows.longer import Issue, look_back, look_closer
from flows.workspace import Workspace
from horizon.records import Evidence, Fetch, Item, Label, RouteLabel, Run, Signal, Verdict
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from reports.findings import Estimated, Race
from reports.hindsight import AspectReading, LensReading, Recount, Revisions
from store.items import content_sha256

WEEK = IsoWeek(2026, 47)
BEFORE = WEEK + -1
LAST = WEEK + -2
"""The last week of arXiv that no longer fills up."""
AREA, ASPECT, OTHER = "quantum_technology", "feasibility", "challenge_solved"
MODEL = "model-1"
PROSE = "SIMULATED. We show that the invented device works in the invented field. Nothing follows."
CLAIM = "We show that the invented device works in the invented field"


def known(week: IsoWeek) -> datetime:
    """When the scan of a week takes place."""
    return datetime(week.sunday.year, week.sunday.month, week.sunday.day, tzinfo=UTC) + timedelta(days=2, hours=9)


def a_paper(name: str, published: date, **changes: Any) -> Item:
    values = {
        "id": f"arxiv:{name}", "source": "arxiv", "kind": "preprint", "version": "v1",
        "title": f"SIMULATED paper {name}", "abstract": PROSE, "published": published,
        "authors": (f"First {name}", f"Last {name}"), "url": f"https://arxiv.org/abs/{name}",
    }  # fmt: skip
    return Item.model_validate(values | changes)


def a_label(work: Workspace, item: Item, claims: bool = False, weight: float = 0.8, **changes: Any) -> Label:
    """`claims`: a sentence of the abstract speaks of the aspect."""
    start = PROSE.index(CLAIM)
    sentence = Evidence(
        kind="lens", text=CLAIM, field="abstract", start=start, end=start + len(CLAIM), weight=weight,
        concept=f"{ASPECT}: works in",
    )  # fmt: skip
    values = {
        "item_id": item.id, "area": AREA, "probability": 0.9, "assigned": True, "taxonomy": work.taxonomy.version,
        "model": MODEL, "evidence": (sentence,) if claims else (),
    }  # fmt: skip
    return Label.model_validate(values | changes)


@dataclass
class Scan:
    """What one scan brings."""

    week: IsoWeek
    items: list[Item] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    signals: dict[str, Sequence[Signal]] = field(default_factory=dict)
    """By source; one that is not named was not looked at."""
    recounted: list[IsoWeek] = field(default_factory=list)


def looked_back(work: Workspace, issue: Issue) -> dict[str, Any]:
    return look_back(work, issue, read_foretold(work, issue.as_of))


def write(work: Workspace, scan: Scan, model: str = MODEL) -> None:
    """A finished scan with its brief."""
    now, name = known(scan.week), f"scan-{scan.week}"
    run = Run(run_id=name, kind="weekly_scan", week=scan.week, started=now, taxonomy=work.taxonomy.version,
              model=model, code="0", params={"world": "simulated"})  # fmt: skip
    store = work.store
    store.begin_run(run)
    since = (scan.week + -110).monday
    store.record_fetch(
        name, Fetch(source="arxiv", week=scan.week, since=since, until=scan.week.sunday, status="OK"), now
    )
    store.ingest(name, now, scan.items)
    store.add_labels(name, now, scan.items, scan.labels)
    weeks = {("arxiv", week) for week in (scan.week, *scan.recounted)}
    store.recount(name, now, run.taxonomy, model, weeks, [f"area:{AREA}"])
    for source, signals in scan.signals.items():
        store.add_signals(name, now, scan.week, source, "term", signals)
    store.finish_run(name, "done", now)
    store.record_brief(name, now, scan.week, "weekly", "0" * 64, f"{scan.week}/brief.json")


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(Settings(data_dir=tmp_path / "data")) as opened:
        yield opened


def issue(work: Workspace, window_weeks: int = 1, week: IsoWeek = WEEK, area: str | None = None) -> Issue:
    return Issue(week, window_weeks, (work.taxonomy.version, MODEL), known(week), ("arxiv", "europepmc"), area)


# ---- lenses ----------------------------------------------------------------------------------------------------------


def two_years(work: Workspace) -> tuple[list[Item], list[Label]]:
    """Two papers a week; of the last 52 weeks every fourth week one that claims, of those before every eighth."""
    items, labels = [], []
    for back in range(104):
        week = LAST + -back
        for place in (0, 1):
            item = a_paper(f"{back:03d}.{place}", week.monday + timedelta(days=place))
            claims = place == 0 and back % (4 if back < 52 else 8) == 0
            items.append(item)
            labels.append(a_label(work, item, claims, routes=()))
    return items, labels


def reading(work: Workspace, **changes: Any) -> LensReading:
    closer, _ = look_closer(work, issue(work, 13, **changes), (), ())
    found: dict[tuple[str, str], LensReading] = {(each.area, each.source): each for each in closer["lenses"]}
    assert set(found) == {(AREA, "arxiv")}
    return found[AREA, "arxiv"]


def aspect(found: LensReading, lens: str = ASPECT) -> AspectReading:
    return next(each for each in found.aspects if each.lens == lens)


def test_works_that_speak_of_an_aspect_are_counted_in_each_year(work: Workspace) -> None:
    items, labels = two_years(work)
    young = a_paper("young", (LAST + 1).monday)
    old = a_paper("old", (LAST + -104).sunday)
    unassigned = a_paper("unassigned", LAST.monday)
    labels += [a_label(work, each, claims=True) for each in (young, old)]
    labels.append(a_label(work, unassigned, claims=True, assigned=False, probability=0.2))
    write(work, Scan(WEEK, [*items, young, old, unassigned], labels))
    found = reading(work)
    assert (found.first, found.last) == (LAST + -51, LAST)
    assert (found.works, found.works_before) == (104, 104)
    assert (aspect(found).n, aspect(found).n_before) == (13, 6)
    assert len(aspect(found).quotes) == 1, "all say the same"
    assert (aspect(found, OTHER).n, aspect(found, OTHER).quotes) == (0, ())


def test_quotes_stand_in_their_items_and_are_of_the_last_quarter(work: Workspace) -> None:
    items, labels = two_years(work)
    best = a_paper("best", LAST.sunday, abstract=PROSE.replace("invented field", "second field"))
    words = CLAIM.replace("invented field", "second field")
    sure = a_label(work, best, claims=True, weight=0.95)
    sure = sure.model_copy(
        update={"evidence": (sure.evidence[0].model_copy(update={"text": words, "end": 11 + len(words)}),)}
    )
    write(work, Scan(WEEK, [*items, best], [*labels, sure]))
    quotes = aspect(reading(work)).quotes
    stored = work.store.items([each.item_id for each in quotes])
    assert [each.item_id for each in quotes] == ["arxiv:best", "arxiv:000.0"], "the same words are quoted once"
    for each in quotes:
        text = stored[each.item_id].abstract or ""
        assert text[each.quote.start : each.quote.end] == each.quote.text


def test_a_withdrawn_item_counts_and_is_not_quoted(work: Workspace) -> None:
    gone = a_paper("gone", LAST.monday, withdrawn=True)
    write(work, Scan(WEEK, [gone], [a_label(work, gone, claims=True)]))
    found = aspect(reading(work))
    assert (found.n, found.quotes) == (1, ())


def test_two_items_of_one_work_are_one(work: Workspace) -> None:
    doi = "10.1234/simulated"
    pair = [a_paper(name, LAST.monday, doi=doi, kind=kind) for name, kind in (("a", "preprint"), ("b", "article"))]
    write(work, Scan(WEEK, pair, [a_label(work, each, claims=True) for each in pair]))
    found = reading(work)
    assert (found.works, aspect(found).n) == (1, 1)


def test_what_comes_later_is_not_read(work: Workspace) -> None:
    items, labels = two_years(work)
    write(work, Scan(WEEK, items, labels))
    told = reading(work)
    more = a_paper("more", LAST.monday)
    write(work, Scan(WEEK + 1, [more], [a_label(work, more, claims=True)]))
    assert reading(work) == told


def test_what_is_labelled_later_is_not_read_either(work: Workspace) -> None:
    first, later = a_paper("first", (LAST + -4).monday), a_paper("later", (LAST + -4).monday)
    write(work, Scan(BEFORE, [first], [a_label(work, first)]))
    work.store.ingest(f"scan-{BEFORE}", known(BEFORE), [later])
    write(work, Scan(WEEK, [later], [a_label(work, later, claims=True)]))
    closer, _ = look_closer(work, issue(work, 13, BEFORE), (), ())
    assert [each.works for each in closer["lenses"]] == [1]
    assert reading(work).works == 2


def test_the_order_of_the_sources_changes_nothing(work: Workspace) -> None:
    day = (LAST + -4).monday
    pair = [a_paper("a", day), a_paper("b", day, id="epmc:MED1", source="europepmc", kind="article")]
    write(work, Scan(WEEK, pair, [a_label(work, each, claims=True) for each in pair]))
    one = issue(work, 13)
    other = replace(one, sources=one.sources[::-1])
    assert look_closer(work, one, (), ()) == look_closer(work, other, (), ())
    assert len(look_closer(work, one, (), ())[0]["lenses"]) == 2
    assert looked_back(work, one) == looked_back(work, other)


# ---- signals that are gone -------------------------------------------------------------------------------------------


def a_signal(term: str, week: IsoWeek, source: str = "arxiv", **changes: Any) -> Signal:
    values = {
        "source": source, "week": week, "channel": "term", "term": term, "first_seen": date(2025, 1, 6),
        "n_recent": 20, "n_base": 3, "rate_ratio": 5.0, "eb05": 3.0, "eb95": 8.0, "groups": 10, "categories": 4,
        "tier": "confirmed", "method": "term-eb05/2",
        "killed_by": {"documents_26w": 6, "eb05": 1.5, "groups": 6, "categories": 2, "weeks_active": 8,
                      "title_share": 0.04},
    }  # fmt: skip
    return Signal.model_validate(values | changes)


def named_by_four(term: str) -> list[Item]:
    """Nine papers of nine weeks and four groups that name a term."""
    return [
        a_paper(f"{term.replace(' ', '-')}.{back}", (WEEK + -back).monday, title=f"SIMULATED {term} once more",
                authors=("A. First", f"B. Group{back % 4}"))
        for back in range(9)
    ]  # fmt: skip


def test_a_signal_that_is_gone_is_told_with_the_test_that_it_fails(work: Workspace) -> None:
    terms = ("glass weather", "salt logic", "moss engine", "kept term", "renamed term")
    told = [a_signal(term, BEFORE) for term in terms]
    write(work, Scan(BEFORE, signals={"arxiv": told, "europepmc": [a_signal("unseen", BEFORE, "europepmc")]}))
    papers = [*named_by_four("glass weather"), a_paper("one", WEEK.monday, title="SIMULATED salt logic")]
    now = [a_signal("kept term", WEEK), a_signal("better term", WEEK, variants=("renamed term",))]
    write(work, Scan(WEEK, papers, signals={"arxiv": now}))
    dropped = looked_back(work, issue(work))["dropped"]
    found = {each.signal.term: (each.test, each.value) for each in dropped}
    assert found == {
        "glass weather": ("groups", 4.0),
        "salt logic": ("documents_26w", 1.0),
        "moss engine": ("documents_26w", 0.0),
    }, "a kept one, one in another spelling and one of a source nobody looked at are not gone"


def test_a_gone_signal_that_passes_what_can_be_told_has_no_reason(work: Workspace) -> None:
    easy = {"documents_26w": 5.0, "groups": 3.0, "eb05": 1.5}
    write(work, Scan(BEFORE, signals={"arxiv": [a_signal("glass weather", BEFORE, killed_by=easy)]}))
    write(work, Scan(WEEK, named_by_four("glass weather"), signals={"arxiv": ()}))
    found = looked_back(work, issue(work))
    assert [(each.test, each.value) for each in found["dropped"]] == [(None, None)]
    assert found["silent"] == ("arxiv",)


def test_a_weekly_looks_at_the_last_issue_and_a_quarter_at_all_of_its_own(work: Workspace) -> None:
    for back in (20, 5, 1):
        week = WEEK + -back
        write(work, Scan(week, signals={"arxiv": [a_signal(f"term {back}", week)]}))
    write(work, Scan(WEEK, signals={"arxiv": ()}))
    weekly = {each.signal.term for each in looked_back(work, issue(work))["dropped"]}
    quarter = {each.signal.term for each in looked_back(work, issue(work, 13))["dropped"]}
    assert (weekly, quarter) == ({"term 1"}, {"term 1", "term 5"})


# ---- corrections -----------------------------------------------------------------------------------------------------


def a_verdict(work: Workspace, item: Item, given: datetime, choice: str = "reject") -> Verdict:
    return Verdict.model_validate(
        {"item_id": item.id, "area": AREA, "choice": choice, "expert": "Group Q", "given": given,
         "taxonomy": work.taxonomy.version, "model": MODEL, "content_sha256": content_sha256(item)}
    )  # fmt: skip


def revised(work: Workspace) -> list[Item]:
    """Forty papers of the week before, one withdrawn and one rejected already; since then eight more, one of each."""
    first = [a_paper(f"first.{number:02d}", BEFORE.monday, withdrawn=number == 9) for number in range(40)]
    write(work, Scan(BEFORE, first, [a_label(work, each) for each in first]))
    given = known(BEFORE) + timedelta(days=1)
    verdicts = [a_verdict(work, first[3], given), a_verdict(work, first[4], given, "accept")]
    work.store.add_verdicts(known(BEFORE), "1" * 64, [a_verdict(work, first[5], known(BEFORE))])
    work.store.add_verdicts(given, "0" * 64, verdicts)
    late = [a_paper(f"late.{number}", BEFORE.monday) for number in range(8)]
    gone = first[7].model_copy(update={"withdrawn": True, "version": "v2"})
    reworded = [first[at].model_copy(update={"title": "SIMULATED other words", "version": "v2"}) for at in (8, 9)]
    write(work, Scan(WEEK, [*late, gone, *reworded], [a_label(work, each) for each in (*late, gone, *reworded)],
                     recounted=[BEFORE]))  # fmt: skip
    return first


def test_late_records_withdrawals_and_rejections_are_corrections(work: Workspace) -> None:
    first = revised(work)
    found = looked_back(work, issue(work))["revisions"]
    assert found.since == BEFORE
    assert found.recounts == (Recount(source="arxiv", week=BEFORE, area=AREA, before=40, now=48),)
    assert found.withdrawn == (first[7].id,)
    assert found.rejected == (first[3].id,)
    assert (found.other_model, found.other_taxonomy) == (False, False)


def test_only_items_whose_text_changed_since_are_looked_at_again(work: Workspace) -> None:
    first = revised(work)
    found = work.store.revised_items("arxiv", BEFORE, BEFORE, since=known(BEFORE), until=known(WEEK))
    assert found == [first[7].id, first[8].id, first[9].id]
    assert work.store.revised_items("arxiv", BEFORE, BEFORE, since=known(WEEK), until=known(WEEK)) == []


def test_another_area_has_nothing_to_correct(work: Workspace) -> None:
    revised(work)
    found = looked_back(work, issue(work, 13, area="silicon_photonics"))["revisions"]
    assert found == Revisions(since=BEFORE)


def test_counts_of_another_model_are_not_compared(work: Workspace) -> None:
    first = [a_paper(f"first.{number:02d}", BEFORE.monday) for number in range(40)]
    write(work, Scan(BEFORE, first), model="model-0")
    write(work, Scan(WEEK, first, [a_label(work, each) for each in first], recounted=[BEFORE]))
    found = looked_back(work, issue(work))["revisions"]
    assert (found.recounts, found.other_model, found.other_taxonomy) == ((), True, False)


def test_the_first_issue_corrects_nothing(work: Workspace) -> None:
    write(work, Scan(WEEK))
    assert looked_back(work, issue(work))["revisions"] == Revisions(since=None)


# ---- what to check ---------------------------------------------------------------------------------------------------


def an_open_race(p_leads: float) -> Race:
    return Race.model_validate(
        {"area": AREA, "group": "qubit", "source": "arxiv", "week": WEEK, "leader": "superconducting",
         "p_leads": p_leads, "led_weeks": 1, "led_since_start": False, "method": "routes-1",
         "standings": [{"route": "superconducting", "n": 9, "share": Estimated(value=0.5),
                        "forecast": Estimated(value=0.5)}]}
    )  # fmt: skip


def test_the_least_sure_and_the_weightiest_are_to_be_checked(work: Workspace) -> None:
    chances = {"sure": 0.99, "in": 0.52, "out": 0.46, "far": 0.1, "judged": 0.51, "gone": 0.5, "routed": 0.8,
               "signal": 0.95}  # fmt: skip
    papers = {name: a_paper(name, WEEK.monday, withdrawn=name == "gone") for name in chances}
    labels = [
        a_label(work, papers[name], probability=p, assigned=p >= 0.5, uncertain=0.4 <= p < 0.6,
                routes=(RouteLabel(route="superconducting", probability=0.9),) if name == "routed" else ())
        for name, p in chances.items()
    ]  # fmt: skip
    write(work, Scan(WEEK, list(papers.values()), labels))
    work.store.add_verdicts(known(WEEK), "0" * 64, [a_verdict(work, papers["judged"], known(WEEK), "accept")])
    told = a_signal("glass weather", WEEK, item_ids=(papers["signal"].id, papers["far"].id))

    def asked(p_leads: float) -> dict[str, list[str]]:
        closer, named = look_closer(work, issue(work, 13, area=AREA), [told], [an_open_race(p_leads)])
        assert {each.item_id for each in closer["checks"]} <= named
        order: dict[str, list[str]] = {"uncertain": [], "influential": []}
        for each in closer["checks"]:
            order[each.reason].append(each.item_id.removeprefix("arxiv:"))
        return order

    # The threshold lies between 0.5 and 0.46; judged and withdrawn items are not asked about.
    assert asked(0.6) == {"uncertain": ["out", "in"], "influential": ["signal", "routed"]}
    assert asked(0.9) == {"uncertain": ["out", "in"], "influential": ["signal"]}, (
        "a clear lead hangs on no single label"
    )


def test_no_group_is_asked_by_a_quarterly(work: Workspace) -> None:
    papers = [a_paper("one", WEEK.monday)]
    write(work, Scan(WEEK, papers, [a_label(work, papers[0], claims=True)]))
    closer, _ = look_closer(work, issue(work, 13), (), ())
    assert closer["checks"] == ()
