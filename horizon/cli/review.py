"""`horizon review`: the queue that experts judge, and their verdicts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from horizon.cli.options import AsJson, AsOf, DataDir, WeekText, clock, emit, open_existing, week_of
from horizon.weeks import weeks_between

if TYPE_CHECKING:
    from flows.review import Queue, Taken

app = typer.Typer(help="Ask experts about uncertain labels, and take in their verdicts.", no_args_is_help=True)


@app.command()
def export(
    week: WeekText = "last",
    weeks: Annotated[int, typer.Option(help="How many weeks, `--week` being the last of them.", min=1, max=520)] = 1,
    area: Annotated[str | None, typer.Option(help="One area instead of all.")] = None,
    sample: Annotated[
        int, typer.Option(help="Also so many assigned items an area, drawn at random, to measure precision.", min=0)
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="FILE.xlsx or FILE.csv (default: `review` in the data folder)."),
    ] = None,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language.")] = "zh",
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a workbook for experts: the labels that the model is unsure of and nobody has judged."""
    from flows.review import export_queue

    now = clock(as_of)
    last = week_of(week, now)
    span = tuple(weeks_between(last + (1 - weeks), last))
    with open_existing(data) as work:
        queue = export_queue(work, span, now, area=area, sample=sample, code=lang, output=output)
    emit(queue.model_dump(mode="json"), as_json, _queue_text(queue))


@app.command()
def precision(as_of: AsOf = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """How often experts agreed with the labels drawn at random (`review export --sample`), by area and model."""
    from flows.judged import judged_precision

    with open_existing(data) as work:
        found = judged_precision(work, clock(as_of))
    lines = [
        f"{each.area}: {each.right} of {each.judged} right, {each.precision:.2f} "
        f"(95 % {each.precision_lo95:.2f} to {each.precision_hi95:.2f}), model {each.model}"
        for each in found
    ]
    nothing = "no verdict on a label drawn at random yet; ask for some with `horizon review export --sample 20`"
    emit([each.model_dump(mode="json") for each in found], as_json, "\n".join(lines) or nothing)


def _queue_text(queue: "Queue") -> str:
    if queue.file is None:
        return "nothing to ask: no label of these weeks is uncertain and unjudged; no file was written"
    return f"{queue.file}: {queue.uncertain} uncertain, {queue.sampled} drawn at random"


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The workbook or CSV that came back.")],
    expert: Annotated[str | None, typer.Option(help="Name for rows whose column of experts is blank.")] = None,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Store the verdicts of a workbook; exit code 1 when a row could not be taken. The same file again adds nothing."""
    from flows.review import import_verdicts

    with open_existing(data) as work:
        taken = import_verdicts(work, file, clock(as_of), expert)
    emit(taken.model_dump(mode="json"), as_json, _taken_text(taken))
    if taken.problems:
        raise typer.Exit(1)


def _taken_text(taken: "Taken") -> str:
    lines = [f"{len(taken.added)} verdicts added, {taken.repeated} known before, {taken.empty} rows without a verdict"]
    for verdict in taken.added:
        right = f" -> {', '.join(verdict.areas) or 'no area'}" if verdict.choice == "relabel" else ""
        lines.append(f"  {verdict.item_id} {verdict.area}: {verdict.choice}{right} ({verdict.expert})")
    return "\n".join([*lines, *(f"NOT TAKEN {problem}" for problem in taken.problems)])
