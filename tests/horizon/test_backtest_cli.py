"""The verb backtest."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from horizon.cli import app
from horizon.errors import UsageError


@pytest.fixture
def series(tmp_path: Path) -> Path:
    counts = np.random.default_rng(3).poisson(30, (3, 66))
    lines = [
        f"topic:{row},{2012 + month // 12}-{month % 12 + 1:02d},{counts[row, month]},3000"
        for row in range(3)
        for month in range(66)
    ]
    path = tmp_path / "series.csv"
    path.write_text("series,period,count,total\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_table_is_printed_written_or_given_as_json(series: Path, tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["backtest", str(series)])
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.splitlines()[0].split()[:5] == ["grain", "horizon_weeks", "method", "origin", "series"]
    given = json.loads(CliRunner().invoke(app, ["backtest", str(series), "--json"]).stdout)
    assert {line["origin"] for line in given} == {"2016-01", "2016-07", "mean", "lo95", "hi95"}
    # Two origins are too few for an interval.
    assert all((line["cov80"] is None) == (line["origin"] in ("lo95", "hi95")) for line in given)
    assert all(0 <= line["cov80"] <= 1 for line in given if line["cov80"] is not None)
    CliRunner().invoke(app, ["backtest", str(series), "-o", str(tmp_path / "out.csv")])
    written = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert [line["crps"] for line in written] == [
        "" if line["crps"] is None else f"{line['crps']:.6g}" for line in given
    ]


def test_a_horizon_that_is_not_offered_and_the_input_as_output_are_refused(series: Path) -> None:
    for words in (["--horizon", "13"], ["-o", str(series)]):
        found = CliRunner().invoke(app, ["backtest", str(series), *words])
        assert isinstance(found.exception, UsageError)
    assert series.read_text(encoding="utf-8").startswith("series,period")
