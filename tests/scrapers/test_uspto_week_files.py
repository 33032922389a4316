"""Which of the files that the USPTO lists make up a window: the newest revision of each day, and no notes."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.dialects.uspto_bulk import Options, choose
from scrapers.parsers.uspto_odp import BulkFile
from tests.scrapers.uspto_portal import (
    BASE,
    TUESDAY,
    WEEK,
)

_OPTIONS = Options(product="PTGRXML", prefix="ipg", weekday=2, relook_days=60, downloads=3)


def row(name: str, day: date | None, released: date | None = None, is_data: bool = True) -> BulkFile:
    return BulkFile(name, f"{BASE}/{name}", day, day, released or day, 1, is_data)


def test_notes_and_other_names_are_no_data() -> None:
    rows = [
        row("us-patent-grant-v47-2022-02-17.dtd", TUESDAY, is_data=False),
        row("ipg260310.zip", TUESDAY, is_data=False),
        row("ipgb20260310_wk10.zip", TUESDAY),
        row("ipg269999.zip", None),
    ]
    assert choose(rows, WEEK.monday, WEEK.sunday, _OPTIONS) == []


def test_a_row_without_its_day_takes_it_from_its_name() -> None:
    assert [file.day for file in choose([row("ipg260310.zip", None)], WEEK.monday, WEEK.sunday, _OPTIONS)] == [TUESDAY]


@given(st.lists(st.tuples(st.integers(-12, 3), st.integers(0, 3), st.integers(0, 60)), max_size=30), st.randoms())
@settings(deadline=None, max_examples=100)
def test_one_file_a_day_whatever_the_order_of_the_list(found: list[tuple[int, int, int]], shuffle: object) -> None:
    rows = []
    for weeks, revision, later in found:
        day = TUESDAY + timedelta(weeks=weeks)
        name = f"ipg{day:%y%m%d}{f'_r{revision}' if revision else ''}.zip"
        rows.append(row(name, day, day + timedelta(days=later if revision else 0)))
    distinct = list({one.name: one for one in rows}.values())
    chosen = choose(distinct, WEEK.monday, WEEK.sunday, _OPTIONS)
    shuffle.shuffle(distinct)  # type: ignore[attr-defined]
    assert choose(distinct, WEEK.monday, WEEK.sunday, _OPTIONS) == chosen
    assert len({file.day for file in chosen}) == len(chosen)
    for file in chosen:
        assert file.revision == max(r for w, r, _ in found if TUESDAY + timedelta(weeks=w) == file.day)


def test_files_of_other_windows_leave_this_one_alone() -> None:
    older = replace(row("ipg251230_r2.zip", date(2025, 12, 30)), released=date(2026, 1, 30))
    assert choose([older], WEEK.monday, WEEK.sunday, _OPTIONS) == []
