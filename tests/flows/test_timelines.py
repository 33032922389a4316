"""What figures need over time: windows a quarter apart, documents a week of a term, bins of forecasts."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, cast

import numpy as np

from flows.timelines import SIGNAL_WEEKS, WINDOW_AGES, calibration, race_windows, signal_weeks
from flows.workspace import Workspace
from horizon.records import Item, SeriesPoint, Signal
from horizon.weeks import IsoWeek
from store.signals import TermWeek
from taxonomy.load import load_taxonomy
from tests.reports.sample_findings import signal
from trends.routes import group_race
from trends.scorecard import CalibrationBin, Measure, ScorecardRow
from trends.terms import VERSION, Paper, extract_week, to_bytes

WEEK = IsoWeek(2026, 46)
NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)


def points(unknown: range = range(0)) -> list[SeriesPoint]:
    """Three years of labels of the first group of the fusion area; the ages in `unknown` were not read."""
    area = load_taxonomy().area("controlled_nuclear_fusion")
    return [
        SeriesPoint(series=f"route:{area.id}/{route.id}", source="arxiv", week=WEEK + -age,
                    n=None if age in unknown else 3 + at, total=None if age in unknown else 900)
        for at, route in enumerate(area.route_groups[0].routes)
        for age in range(156)
    ]  # fmt: skip


def race(series: list[SeriesPoint]) -> Any:
    area = load_taxonomy().area("controlled_nuclear_fusion")
    return group_race(series, area, area.route_groups[0], "arxiv", WEEK)


def test_windows_of_a_race_are_about_a_quarter_apart_over_two_years() -> None:
    told = race(points())
    windows = race_windows(told)
    assert [WEEK - window.last for window in windows] == list(WINDOW_AGES)
    assert all(10 <= before - after <= 16 for before, after in pairwise(WINDOW_AGES))
    assert [each.value for each in windows[-1].shares] == [each.share.mean for each in told.windows[-1].shares]
    assert np.isclose(sum(each.value for each in windows[0].shares), 1)


def test_a_window_of_which_too_little_is_known_has_no_shares() -> None:
    windows = race_windows(race(points(unknown=range(30, 70))))
    by_age = {WEEK - window.last: window for window in windows}
    assert by_age[12].shares == ()
    assert by_age[0].shares
    assert by_age[64].shares


def test_windows_begin_with_the_first_that_is_known() -> None:
    young = [point for point in points() if WEEK - point.week < 60]
    ages = [WEEK - window.last for window in race_windows(race(young))]
    assert ages == [24, 12, 0]


def test_bins_keep_their_ends_and_intervals() -> None:
    measure = Measure(value=0.4, lo95=0.2, hi95=0.6)
    found = CalibrationBin(above=0.25, to=0.5, settled=12, effective=6.0, said=0.41, came=measure)
    row = ScorecardRow(quantity="share", horizon_weeks=26, kind="all", source="all", predictions=20, settled=12, void=0,
                       pending=8, relabelled=0, effective=6.0, calibration=(found,))  # fmt: skip
    told = calibration(row)[0]
    assert (told.above, told.to, told.settled, told.said) == (0.25, 0.5, 12, 0.41)
    assert (told.came.value, told.came.low, told.came.high) == (0.4, 0.2, 0.6)


class KeptTerms:
    """A store that knows two weeks: the terms of one are kept as its texts still are, those of the other are stale."""

    def __init__(self) -> None:
        self.read: list[IsoWeek] = []
        kept = [_paper(0, "Lattice weaving"), _paper(1, "Lattice weaving again"), _paper(2, "Looms")]
        stale = [_paper(3, "Nothing of it")]
        self.kept = {
            WEEK: TermWeek("same", to_bytes(extract_week(kept))),
            WEEK + -5: TermWeek("old", to_bytes(extract_week(stale))),
        }

    def term_weeks(self, source: str, fingerprint: str, first: IsoWeek, last: IsoWeek) -> dict[IsoWeek, TermWeek]:
        assert (source, fingerprint) == ("arxiv", f"terms-{VERSION}")
        return self.kept

    def week_digests(self, source: str, first: IsoWeek, last: IsoWeek, as_of: datetime) -> Mapping[IsoWeek, str]:
        assert as_of == NOW
        return {WEEK: "same", WEEK + -5: "new"}

    def items_published(self, week: IsoWeek, *, source: str, as_of: datetime) -> Iterator[Item]:
        self.read.append(week)
        yield Item(id="arxiv:2610.00001", source="arxiv", kind="preprint", title="A lattice-weaving loom",
                   published=week.monday, url="https://arxiv.org/abs/2610.00001")  # fmt: skip


def _paper(number: int, title: str) -> Paper:
    return Paper(f"x:{number}", WEEK.monday, title)


def test_documents_a_week_come_from_kept_terms_and_changed_weeks_are_read_again_and_not_kept() -> None:
    store = KeptTerms()
    work = cast("Workspace", type("Work", (), {"store": store})())
    signals: list[Signal] = [signal(), signal("loom"), signal("weavers of lattices", channel="cluster")]
    found = {each.term: each for each in signal_weeks(work, signals, WEEK, NOW)}
    assert set(found) == {"lattice weaving", "loom"}
    weaving = found["lattice weaving"]
    assert weaving.first_week == WEEK + (1 - SIGNAL_WEEKS)
    assert len(weaving.n) == SIGNAL_WEEKS
    assert (weaving.n[-1], weaving.n[-6], sum(weaving.n)) == (2, 1, 3)
    assert (found["loom"].n[-1], found["loom"].n[-6]) == (1, 1)
    assert store.read == [WEEK + -5]
