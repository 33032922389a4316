"""Editions on demand: each verified before it is published, an expert group's for every area, nothing unscored."""

import pytest

from flows.editions import Issued, editions_of, issue_edition, issue_quarter
from flows.scan import WeeklyParams, run_weekly_scan
from horizon.errors import TaxonomyError, UsageError
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import OpenWorkspace, tuesday_after


def test_the_words_of_an_edition_must_fit_one_another(open_workspace: OpenWorkspace) -> None:
    work = open_workspace()
    assert [each.name for each in editions_of(work, "quarterly", None)] == ["quarterly"]
    groups = [each.name for each in editions_of(work, "group", "all")]
    assert groups == [f"group-{area.id}" for area in work.taxonomy.areas]
    for kind, area in (("group", None), ("weekly", "quantum_technology"), ("quarterly", "all")):
        with pytest.raises(UsageError, match="expected --area with --kind group and with no other"):
            editions_of(work, kind, area)  # type: ignore[arg-type]
    with pytest.raises((UsageError, TaxonomyError), match="alchemy"):
        editions_of(work, "group", "alchemy")


@pytest.mark.slow
def test_the_editions_of_a_quarter_are_written_of_a_scanned_week_alone(
    open_workspace: OpenWorkspace, world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, now = open_workspace(), tuesday_after(world.last_week)
    params = WeeklyParams(week=world.last_week, sources=("arxiv",), formats=("json", "md"))
    with pytest.raises(UsageError, match="expected scores of"):
        issue_quarter(work, params, now, groups=False)
    run_weekly_scan(work, params, now)
    issued = issue_quarter(work, params, now)
    assert len(issued) == 1 + len(work.taxonomy.areas)
    assert {each.mismatches for each in issued} == {()}
    folder = work.briefs / f"{world.last_week}-group-{work.taxonomy.areas[0].id}"
    assert {path.name for path in folder.iterdir()} == {"brief.json", "brief.zh.md", "brief.en.md"}

    monkeypatch.setattr("flows.editions.verify_written", lambda *_: ["header.week: expected another"])
    quarterly = editions_of(work, "quarterly", None)[0]
    before = (work.briefs / quarterly.folder(world.last_week) / "brief.json").read_bytes()
    refused: Issued = issue_edition(work, params, quarterly, now)
    assert refused.lines[0] == "MISMATCH header.week: expected another"
    assert {path.parent for path in refused.refused} == {work.refused / quarterly.folder(world.last_week)}
    assert (work.briefs / quarterly.folder(world.last_week) / "brief.json").read_bytes() == before
