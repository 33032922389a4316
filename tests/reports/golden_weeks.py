"""Six SIMULATED weeks of three areas, whose briefs stand in golden/.

`python -m tests.reports.golden_weeks` writes them again.
"""

from collections.abc import Iterator
from pathlib import Path

from reports.build import build_brief
from reports.facts import Brief
from reports.inputs import BriefInputs, SourceWeek
from reports.language import LANGUAGES
from reports.render_json import render_json
from reports.render_markdown import render_markdown
from tests.reports.sample import SKETCHES, WEEK, fetch, sample_inputs, score
from tests.reports.sample_findings import sample_findings
from tests.reports.weeks import calm_findings

FOLDER = Path(__file__).with_name("golden")
AREAS = tuple(
    sketch for sketch in SKETCHES if sketch.id in ("silicon_photonics", "quantum_technology", "biomanufacturing")
)
EPO = SourceWeek(source="epo_ops", status="ERROR", fetch=fetch(
    source="epo_ops", status="ERROR", records=0, items=0, refused=0, pages=0, cut_off=None,
    reason="expected an answer, found 503 (Service Unavailable)"))  # fmt: skip


def week(**change: object) -> BriefInputs:
    return sample_inputs(AREAS, **change)


def weeks() -> dict[str, BriefInputs]:
    """Inputs by the name of the week."""
    scores = tuple(score(sketch, WEEK) for sketch in AREAS)
    before = tuple(each.model_copy(update={"week": WEEK + -1}) for each in scores)
    failed = fetch(status="ERROR", records=0, items=0, refused=0, pages=0, cut_off=None, reason="found status 503")
    nothing = fetch(status="NO_RESULTS", records=0, items=0, refused=0)
    first = {"previous_week": None, "previous_taxonomy": None, "previous_model": None, "previous_scores": ()}
    return {
        "eventful": week(findings=sample_findings()),
        "quiet": week(scores=scores, previous_scores=before, findings=calm_findings()),
        "outage": week(
            sources=(SourceWeek(source="arxiv", status="ERROR", fetch=failed, incomplete_weeks=2),),
            labelled=(),
            findings=calm_findings(),
            points=tuple(
                point.model_copy(update={"n": None, "total": None}) if point.week == WEEK else point
                for point in week().points
            ),
        ),
        "first": week(**first, scores=(), points=tuple(p for p in week().points if p.week > WEEK + -8)),
        "missing_patents": week(sources=(*week().sources, EPO), findings=calm_findings()),
        "no_data": week(
            **first,
            sources=(SourceWeek(source="arxiv", status="NO_RESULTS", fetch=nothing),),
            scores=(),
            points=(),
            labelled=(),
            issues=(),
        ),
    }


def golden_files(brief: Brief, name: str) -> Iterator[tuple[str, bytes]]:
    yield f"{name}.json", render_json(brief)
    for code in LANGUAGES:
        yield f"{name}.{code}.md", render_markdown(brief, code)


def write() -> None:
    """Write all golden files again; look at the difference before it is committed."""
    FOLDER.mkdir(exist_ok=True)
    for name, inputs in weeks().items():
        for file, data in golden_files(build_brief(inputs), name):
            (FOLDER / file).write_bytes(data)


if __name__ == "__main__":
    write()
