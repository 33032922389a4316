"""The verb backtest: what momentum would have said of past dates, and how it turned out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from horizon.cli.options import AsJson
from horizon.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(backtest)


def backtest(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV series,period,count,total[,count_a,count_b,total_a,total_b]; period is YYYY-Www or YYYY-MM."
        ),
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="CSV to write; whole or not at all.")] = None,
    horizon: Annotated[int, typer.Option("--horizon", help="Weeks ahead: 26 or 52.")] = 52,
    as_json: AsJson = False,
) -> None:
    """Score momentum and persistence at every half year of a file of series, by what came after.

    Thinned measures take the score from one half of the items and the growth from the other: by the columns of halves
    where the file has them, else by a seeded coin for each item, which makes the sampling noise of the two independent
    by construction.
    """
    from trends.backtest_tables import as_text, backtest_file, write_lines

    if horizon not in (26, 52):
        raise UsageError(f"expected --horizon 26 or 52, found {horizon}")
    if output is not None and output.resolve() == file.resolve():
        raise UsageError(f"expected an output other than the input, found {output} for both; name another file")
    lines, report = backtest_file(file, horizon)
    for problem in report.problems:
        typer.echo(problem, err=True)
    if output is not None:
        write_lines(output, lines)
        typer.echo(f"{report.series} series, {report.skipped} rows skipped: {output}", err=True)
    if as_json:
        typer.echo(json.dumps([line.as_dict() for line in lines], ensure_ascii=False, indent=2))
    elif output is None:
        typer.echo(as_text(lines))
