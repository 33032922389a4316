"""SIGKILL at ten random moments of a scan over all sources; the table of it is `python -m benchmarks.kill`."""

from pathlib import Path

import pytest

from benchmarks.kill import Killed, Moment, draw, kill_and_resume, running, scan, sources, table
from scrapers.source import load_source


@pytest.mark.slow
def test_a_scan_of_all_sources_killed_at_any_moment_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    with running() as server:
        undisturbed = scan(tmp_path / "undisturbed", server)
        assert len(undisturbed) > len(sources())
        requests = len(server.requests)
        found = [
            kill_and_resume(tmp_path / f"killed-{number}", server, moment, undisturbed)
            # Six of the ten that `python -m benchmarks.kill` tries: each takes half a minute.
            for number, moment in enumerate(draw(requests, moments=6))
        ]
    assert [killed for killed in found if killed.different] == []


def test_the_moments_are_drawn_by_a_seed_over_the_whole_scan() -> None:
    moments = draw(200)
    assert moments == draw(200)
    assert len(moments) == 10
    assert moments != draw(200, seed=1)
    assert all(1 <= moment.request <= 200 for moment in moments)
    assert max(moment.request for moment in moments) - min(moment.request for moment in moments) > 100


def test_every_kind_of_feed_is_scanned_and_killed() -> None:
    dialects = {load_source(name).dialect for name in sources()}
    assert dialects == {"oai_pmh", "biorxiv_details", "europepmc", "epo_ops", "epo_publications", "uspto_bulk"}


def test_a_scan_that_ends_otherwise_is_called_failed() -> None:
    same = Killed(Moment(7, 0.1), "/arxiv/oai", ("arxiv",), ())
    other = Killed(Moment(9, 0.2), "/arxiv/oai", (), ("table item",))
    assert "FAILED" not in table([same], 20, 5)
    text = table([same, other], 20, 5)
    assert "FAILED: table item" in text
    assert "Identical: 1 of 2." in text
