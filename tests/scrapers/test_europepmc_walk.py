"""The walk through Europe PMC's search, without a network: queries, cursors, hollow answers, reconciliation."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from horizon.errors import UsageError
from horizon.records import FetchStatus
from scrapers.dialects.europepmc import EuropePmcSearch, Options
from scrapers.dialects.europepmc_query import build_queries, clause, frame_of, strong_terms
from scrapers.dialects.kept_answers import whole_weeks
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.replay.europepmc import EuropePmc
from scrapers.replay.feed import Stage
from scrapers.replay.world import ListedWorld, Paper
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window
from taxonomy.load import Taxonomy, load_taxonomy
from taxonomy.schema import Term
from tests.scrapers.answering import Answering
from tests.scrapers.replay.conftest import make_paper

SINCE, UNTIL, TODAY = date(2026, 11, 9), date(2026, 11, 22), date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE = "http://127.0.0.1:9/europepmc/webservices/rest"


@pytest.fixture(autouse=True)
def _taxonomy_read_once(taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.dialects.europepmc.load_taxonomy", lambda: taxonomy)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def source_with(**options: Any) -> Source:
    source = load_source("europepmc")
    # One query, small pages: each test says what else it needs.
    fields = (
        source.options_as(Options).model_dump()
        | {"page_size": 10, "max_query_chars": 50_000, "growing_weeks": 0}
        | options
    )
    return source.model_copy(update={"options": Options.model_validate(fields)})


def papers(count: int, day: date = date(2026, 11, 12)) -> list[Paper]:
    """Papers on gene therapy, all announced on one day and indexed on the next."""
    return [make_paper(f"2611.{n:05d}", day, "q-bio.GN", title=f"SIMULATED gene therapy {n}") for n in range(count)]


@dataclass
class Outcome:
    """What one walk left."""

    tally: Tally
    items: list[str]
    digest: str
    status: FetchStatus
    reason: str | None
    counts: list[dict[str, Any]]
    asked: Answering

    @property
    def codes(self) -> list[str]:
        return [issue.code for issue in self.tally.issues]


def walk(
    folder: Path,
    feed: EuropePmc,
    held: list[Paper],
    source: Source | None = None,
    faults: dict[int, Callable[[bytes], bytes]] | None = None,
    stop_after: int | None = None,
    until: date = UNTIL,
    answered: str = "Tue, 24 Nov 2026 09:00:00 GMT",
    background: bool = True,
) -> Outcome:
    """Crawl the double in this process; in the background each week has a paper on something else."""
    others = [make_paper(f"2611.8000{day}", date(2026, 11, day), "q-bio.GN") for day in (11, 18)]
    held = [*held, *(others if background else [])]
    asked = Answering(feed, Stage(ListedWorld(held), NOW), faults or {}, stop_after, date=answered)
    source = source or source_with()
    window = Window(source, BASE, SINCE, until, TODAY)
    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        search = EuropePmcSearch(window, folder, spool, asked.exchange, asked.pause)
        asyncio.run(search.run())
        digest = spool.write(folder / "items.jsonl.gz")
        status, reason = judge(search.tally, len(spool), source)
    path = folder / "denominators.json"
    counts = json.loads(path.read_text())["counts"] if path.exists() else []
    items = [item.id for item in read_items(folder)]
    return Outcome(search.tally, items, digest, status, reason, counts, asked)


def asked_for(outcome: Outcome, name: str) -> list[str]:
    return [parse_qs(urlsplit(url).query).get(name, [""])[0] for url in outcome.asked.urls]


# ---- queries ---------------------------------------------------------------------------------------------------------


def test_queries_hold_every_strong_phrase_and_stay_within_their_length() -> None:
    options = load_source("europepmc").options_as(Options)
    areas = [load_taxonomy().area(name) for name in options.areas]
    terms = strong_terms(areas, options.least_weight)
    frame = frame_of("FIRST_IDATE", SINCE, UNTIL, options.repositories)
    queries = build_queries(terms, frame, options.max_query_chars)
    assert max(map(len, queries)) <= options.max_query_chars
    assert all(query.endswith(f") AND {frame}") for query in queries)
    whole = " ".join(queries).lower()
    assert all(clause(term.text).lower() in whole for term in terms)
    found = {term.text.lower() for area in areas for term in area.terms if term.lang == "en" and term.weight >= 2}
    assert {term.text.lower() for term in terms} <= found
    assert not [term for term in terms if term.weight < 2 or term.lang != "en"]


def test_a_phrase_that_another_one_finds_is_not_asked_for() -> None:
    area = load_taxonomy().area("cell_and_gene_therapy")
    texts = [term.text for term in strong_terms([area], 2)]
    assert "gene therapy" in texts
    assert "AAV gene therapy" not in texts


def test_a_term_is_asked_for_with_its_company() -> None:
    assert clause("CAR", ("T cell", 'a "b"')) == '(TITLE_ABS:"CAR" AND (TITLE_ABS:"T cell" OR TITLE_ABS:"a  b"))'


def test_long_company_is_split_and_a_phrase_that_does_not_fit_is_told() -> None:
    frame = frame_of("FIRST_IDATE", SINCE, UNTIL, ["MED"])
    term = Term(text="CAR", near=tuple(f"company number {n}" for n in range(12)))
    queries = build_queries([term], frame, 260)
    assert len(queries) > 1
    assert max(map(len, queries)) <= 260
    assert sum(query.count("company number") for query in queries) == 12
    with pytest.raises(UsageError, match="max_query_chars"):
        build_queries([Term(text="x" * 120)], frame, 150)


def test_only_whole_weeks_have_a_denominator() -> None:
    assert whole_weeks(date(2026, 11, 9), date(2026, 11, 22)) == [
        (date(2026, 11, 9), date(2026, 11, 15)),
        (date(2026, 11, 16), date(2026, 11, 22)),
    ]
    assert whole_weeks(date(2026, 11, 10), date(2026, 11, 21)) == []


# ---- chains ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["repeated", "empty"])
@pytest.mark.parametrize("count", [1, 10, 35])
def test_every_hit_of_the_window_comes_once(tmp_path: Path, end: Any, count: int) -> None:
    outcome = walk(tmp_path, EuropePmc(end=end), papers(count))
    assert (outcome.status, len(outcome.items), outcome.tally.missing) == ("OK", count, 0)
    assert len(set(outcome.items)) == count


def test_hits_outside_the_window_or_the_subject_do_not_come(tmp_path: Path) -> None:
    title = "SIMULATED gene therapy"
    early = [make_paper(f"2610.0000{n}", date(2026, 10, 1), "q-bio.GN", title=title) for n in range(3)]
    # Announced on the last Sunday, indexed on the Monday after.
    late = [make_paper("2611.70000", date(2026, 11, 22), "q-bio.GN", title=title)]
    assert len(walk(tmp_path, EuropePmc(), [*papers(2), *early, *late]).items) == 2


def test_a_record_of_several_queries_comes_once(tmp_path: Path) -> None:
    title = "SIMULATED gene therapy by CAR-T for an organoid of bioink"
    held = [make_paper("2611.00001", date(2026, 11, 12), "q-bio.GN", title=title, abstract=None)]
    outcome = walk(tmp_path, EuropePmc(), held, source_with(max_query_chars=1500))
    assert len(outcome.items) == 1
    assert outcome.tally.records > 1
    assert outcome.codes == ["abstract-missing"]


def test_synonyms_are_off_and_the_order_is_that_of_indexing(tmp_path: Path) -> None:
    outcome = walk(tmp_path, EuropePmc(), papers(1))
    assert set(asked_for(outcome, "synonym")) == {"false"}
    assert asked_for(outcome, "sort")[0] == "FIRST_IDATE_D asc"
    assert asked_for(outcome, "cursorMark")[0] == "*"


@pytest.mark.parametrize("glitch", ["hollow", "error"])
@pytest.mark.parametrize("place", [1, 2, 4])
def test_an_answer_without_results_is_asked_for_again(tmp_path: Path, glitch: Any, place: int) -> None:
    outcome = walk(tmp_path, EuropePmc(glitches={place: glitch}), papers(25))
    assert (outcome.status, len(outcome.items)) == ("OK", 25)
    assert outcome.asked.waits == [10.0]
    assert outcome.asked.urls[place - 1] == outcome.asked.urls[place]


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_empty_page_in_the_middle_is_no_end(tmp_path: Path, place: int) -> None:
    outcome = walk(tmp_path, EuropePmc(glitches={place: "empty"}), papers(25))
    assert (outcome.status, len(outcome.items), outcome.tally.missing) == ("OK", 25, 0)


@pytest.mark.parametrize(
    "fault",
    [
        lambda body: body[: len(body) // 2],
        lambda body: b"<!DOCTYPE html><html><body>Back soon<br></html>",
        lambda body: b"",
        lambda body: body.replace(b"SIMULATED", "SIMULATÉ".encode("latin-1")),
    ],
    ids=["truncated", "html", "nothing", "charset"],
)
def test_a_damaged_answer_is_asked_for_again(tmp_path: Path, fault: Callable[[bytes], bytes]) -> None:
    outcome = walk(tmp_path, EuropePmc(), papers(25), faults={2: fault})
    assert (outcome.status, outcome.digest) == ("OK", walk(tmp_path / "calm", EuropePmc(), papers(25)).digest)


def test_wrong_bytes_that_stay_cost_letters_and_not_the_page(tmp_path: Path) -> None:
    fault = {n: lambda body: body.replace(b"gene therapy 0", b"g\xe8ne therapy 0") for n in range(1, 100)}
    outcome = walk(tmp_path, EuropePmc(), papers(5), faults=fault)
    assert (outcome.status, len(outcome.items)) == ("OK", 5)
    assert "encoding-damaged" in outcome.codes


def test_a_service_that_only_errs_makes_the_week_unknown(tmp_path: Path) -> None:
    outcome = walk(tmp_path, EuropePmc(glitches=dict.fromkeys(range(1, 100), "error")), papers(5))
    assert outcome.status == "ERROR"
    assert "Internal error" in (outcome.reason or "")


def test_an_unknown_sort_key_makes_the_week_unknown(tmp_path: Path) -> None:
    outcome = walk(tmp_path, EuropePmc(), papers(5), source_with(sort="DATE desc"))
    assert (outcome.status, "503" in (outcome.reason or "")) == ("ERROR", True)


def test_more_hits_than_are_given_are_counted_as_missing(tmp_path: Path) -> None:
    few = walk(tmp_path / "few", EuropePmc(overstated=1), papers(100))
    many = walk(tmp_path / "many", EuropePmc(overstated=20), papers(100))
    assert (few.status, few.tally.missing, few.codes.count("hits-missing")) == ("OK", 1, 1)
    assert (many.status, many.tally.missing) == ("PARTIAL", 20)
    assert len(many.items) == 100


def test_a_hit_indexed_in_mid_crawl_is_not_lost(tmp_path: Path) -> None:
    held = papers(25)
    feed = EuropePmc()
    asked = Answering(feed, Stage(ListedWorld(held[:20]), NOW))
    grown = Stage(ListedWorld(held), NOW)
    exchange = asked.exchange

    async def growing(call: Any) -> Any:
        if len(asked.calls) == 1:
            asked.stage = grown
        return await exchange(call)

    with ItemSpool(tmp_path) as spool:
        search = EuropePmcSearch(
            Window(source_with(), BASE, SINCE, UNTIL, TODAY), tmp_path, spool, growing, asked.pause
        )
        asyncio.run(search.run())
        assert (len(spool), search.tally.missing) == (25, 0)


# ---- emptiness and denominators --------------------------------------------------------------------------------------


def test_no_hits_are_asked_for_twice_before_they_are_believed(tmp_path: Path) -> None:
    outcome = walk(tmp_path, EuropePmc(), [])
    assert (outcome.status, outcome.items) == ("NO_RESULTS", [])
    assert asked_for(outcome, "resultType")[:2] == ["core", "core"]


def test_an_empty_index_is_no_zero(tmp_path: Path) -> None:
    held = [make_paper("2601.00001", date(2026, 1, 5), "q-bio.GN")]
    outcome = walk(tmp_path, EuropePmc(), held, background=False)
    assert outcome.status == "PARTIAL"
    assert {count["hits"] for count in outcome.counts} == {None}
    assert outcome.codes.count("denominator-unknown") == 4


def test_the_denominator_is_of_all_subjects_by_both_clocks(tmp_path: Path) -> None:
    held = [*papers(3), *[make_paper(f"2611.1{n:04d}", date(2026, 11, 18), "q-bio.GN") for n in range(4)]]
    outcome = walk(tmp_path, EuropePmc(), held, background=False)
    found = {(count["week"], count["clock"]): count["hits"] for count in outcome.counts}
    assert len(outcome.items) == 3
    assert (found["2026-W46", "FIRST_IDATE"], found["2026-W47", "FIRST_IDATE"]) == (3, 4)
    assert set(found) == {
        (week, clock) for week in ("2026-W46", "2026-W47") for clock in ("FIRST_IDATE", "FIRST_PDATE")
    }
    assert not any("TITLE_ABS" in count["query"] for count in outcome.counts)


def test_weeks_that_are_still_growing_are_counted_again_by_their_first_day(tmp_path: Path) -> None:
    earlier = make_paper("2610.00001", date(2026, 10, 28), "q-bio.GN", title="SIMULATED gene therapy of October")
    outcome = walk(tmp_path, EuropePmc(), [*papers(1), earlier], source_with(growing_weeks=2))
    found = {(count["week"], count["clock"]): count["hits"] for count in outcome.counts}
    assert found["2026-W44", "FIRST_PDATE"] == 1
    assert ("2026-W44", "FIRST_IDATE") not in found


# ---- killed and begun again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_after", range(8))
def test_a_killed_walk_goes_on_and_ends_like_an_undisturbed_one(tmp_path: Path, stop_after: int) -> None:
    calm = walk(tmp_path / "calm", EuropePmc(), papers(35))
    killed = walk(tmp_path / "killed", EuropePmc(), papers(35), stop_after=stop_after)
    assert killed.status in ("ERROR", "PARTIAL")
    again = walk(tmp_path / "killed", EuropePmc(), papers(35))
    assert (again.status, again.digest, again.counts) == ("OK", calm.digest, calm.counts)
    assert len(again.asked.calls) == len(calm.asked.calls) - stop_after
    assert again.tally.pages == calm.tally.pages


def test_answers_of_a_window_that_was_open_are_asked_for_again(tmp_path: Path) -> None:
    walk(tmp_path, EuropePmc(), papers(5), answered="Fri, 20 Nov 2026 09:00:00 GMT")
    again = walk(tmp_path, EuropePmc(), papers(8))
    assert len(again.items) == 8


def test_answers_to_other_questions_are_not_taken_for_ours(tmp_path: Path) -> None:
    walk(tmp_path, EuropePmc(), papers(5), source_with(areas=("brain_computer_interface",)))
    assert len(walk(tmp_path, EuropePmc(), papers(5)).items) == 5


def test_old_answers_do_not_wait_behind_new_ones(tmp_path: Path) -> None:
    walk(tmp_path, EuropePmc(), papers(35), answered="Fri, 20 Nov 2026 09:00:00 GMT")
    walk(tmp_path, EuropePmc(), papers(35), stop_after=1)
    assert len(list((tmp_path / "pages").glob("*.gz"))) == 1


def test_a_kept_answer_that_was_cut_short_is_asked_for_again(tmp_path: Path) -> None:
    calm = walk(tmp_path, EuropePmc(), papers(35))
    page = sorted((tmp_path / "pages").glob("*.gz"))[1]
    page.write_bytes(page.read_bytes()[:50])
    again = walk(tmp_path, EuropePmc(), papers(35))
    assert again.digest == calm.digest
    assert len(again.asked.calls) == len(calm.asked.calls) - 1


def test_the_sources_clock_is_told(tmp_path: Path) -> None:
    assert walk(tmp_path, EuropePmc(), papers(1)).tally.cut_off == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert walk(tmp_path / "b", EuropePmc(), papers(1), answered="soon").tally.cut_off is None
