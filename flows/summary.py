"""A scan's summary for the operator: text for a terminal, Markdown and a table for Prefect's page."""

from typing import Any

from flows.scan import ScanSummary


def as_text(summary: ScanSummary) -> str:
    """Plain lines; the first tells whether the week is complete."""
    state = "complete" if summary.complete else "INCOMPLETE"
    again = ", nothing new (repeated)" if summary.repeated else ""
    lines = [f"{summary.week}: {state}{again}"]
    lines += [
        f"  {row['source']}: {row['status']}, {row['items']} items, {row['missing']} missing {row['reason']}".rstrip()
        for row in source_rows(summary)
    ]
    lines += [f"  {source}: disabled: no key" for source in summary.disabled]
    lines.append(
        f"  {summary.ingested} ingested, {summary.classified} classified, "
        f"{summary.counted} counts, {summary.scored} scores; run {summary.run_id}"
    )
    if summary.rescored_weeks:
        lines.append(f"  the classifier or the taxonomy changed: {summary.rescored_weeks} earlier weeks scored again")
    if summary.signals:
        lines.append(f"  outside the taxonomy: {summary.signals} lists of signals and items of no consensus")
    if summary.settled or summary.predicted:
        lines.append(f"  ledger: {summary.settled} predictions settled, {summary.predicted} made")
    lines += [f"  MISMATCH {fault}" for fault in summary.mismatches]
    lines += [f"  REFUSED, not published: {path}" for path in summary.refused]
    return "\n".join([*lines, *(f"  {path}" for path in summary.briefs)])


def source_rows(summary: ScanSummary) -> list[dict[str, Any]]:
    """One row a source, plain types only (Prefect's table artifact takes no others)."""
    return [
        {
            "source": fetch.source,
            "week": str(fetch.week),
            "since": str(fetch.since),
            "until": str(fetch.until),
            "status": fetch.status,
            "records": fetch.records,
            "items": fetch.items,
            "refused": fetch.refused,
            "repaired": fetch.repaired,
            "missing": fetch.missing,
            "reason": fetch.reason or "",
        }
        for fetch in summary.fetches
    ]


def as_markdown(summary: ScanSummary) -> str:
    """The summary as a Markdown page."""
    head = "| source | status | items | repaired | missing | reason |\n|---|---|---|---|---|---|"
    rows = "\n".join(
        f"| {row['source']} | {row['status']} | {row['items']} | {row['repaired']} | {row['missing']} | "
        f"{str(row['reason']).replace('|', '/')} |"
        for row in source_rows(summary)
    )
    body = as_text(summary).splitlines()
    return f"# {body[0]}\n\n{head}\n{rows}\n\n" + "\n".join(f"- {line.strip()}" for line in body[1:]) + "\n"
