"""The one message of each figure: what is clear is said, what is not is not."""

from typing import Any

from reports.build import build_brief
from reports.facts import Brief, FigureParam, NameParam, VerbatimParam
from reports.findings import Calibration, Estimated
from reports.language import language
from tests.reports.sample import SKETCHES, sample_inputs, score
from tests.reports.sample_findings import sample_findings, signal
from tests.reports.several import several_inputs


def template(brief: Brief, name: str) -> str | None:
    statement = getattr(brief, f"{name}_title")
    return None if statement is None else str(statement.template)


def with_growth(growth: float, half: float) -> Brief:
    sketches = [each.__class__(**{**vars(each), "growth": growth, "half": half}) for each in SKETCHES]
    return build_brief(sample_inputs(scores=tuple(score(each, sample_inputs().week) for each in sketches)))


def test_the_radar_names_the_area_that_surely_grows_fastest() -> None:
    title = build_brief(sample_inputs()).radar_title
    assert title is not None
    assert title.template == "radar_fastest"
    assert isinstance(title.params["area"], NameParam)
    assert title.params["area"].name.en == "Embodied intelligence"
    assert "tier 1" in language("en").compose(title)
    assert "第 1 层级" in language("zh").compose(title)


def test_growth_within_its_interval_is_not_called_growth() -> None:
    assert template(with_growth(8.0, 9.0), "radar") == "radar_still"
    assert template(build_brief(sample_inputs(scores=())), "radar") is None


def test_streams_say_where_papers_and_patents_part_beyond_both_intervals() -> None:
    brief = build_brief(several_inputs())
    title = brief.streams_title
    assert title is not None
    assert title.template == "streams_papers_faster"
    papers, patents = (title.params[name] for name in ("papers", "patents"))
    assert isinstance(papers, FigureParam)
    assert isinstance(patents, FigureParam)
    assert (papers.figure.low or 0.0) > (patents.figure.high or 0.0)
    assert papers.figure.query.args["source"] != patents.figure.query.args["source"]


def test_an_edition_of_one_area_speaks_of_that_area() -> None:
    whole = several_inputs()
    area = next(each for each in whole.areas if each.id == "biomanufacturing")
    title = build_brief(several_inputs(kind="group", area=area.id, areas=(area,))).streams_title
    assert title is not None
    assert title.template == "streams_meet"
    assert language("zh").compose(title).startswith("生物制造：")


def test_papers_alone_are_said_to_be_alone() -> None:
    assert template(build_brief(sample_inputs()), "streams") == "streams_papers"
    assert template(build_brief(sample_inputs(points=())), "streams") is None


def test_the_timeline_names_the_signal_that_grew_most() -> None:
    grown = (signal(), signal("moss <computing>", rate_ratio=9.9, eb95=20.0))
    title = build_brief(sample_inputs(findings=sample_findings(signals=grown))).timeline_title
    assert title is not None
    assert title.params["term"] == VerbatimParam(text="moss <computing>")
    assert "9.9 times its earlier rate (90% interval 3.1 to 20.0)" in language("en").compose(title).replace("\xa0", " ")
    silent = sample_findings(signal_weeks=())
    assert template(build_brief(sample_inputs(findings=silent)), "timeline") is None


def calibrated(said: float, came: float) -> Brief:
    step = Calibration(above=0.25, to=0.5, settled=30, said=said,
                       came=Estimated(value=came, low=came - 0.1, high=came + 0.1))  # fmt: skip
    rows: Any = sample_findings().accuracy
    return build_brief(
        sample_inputs(findings=sample_findings(accuracy=(rows[0].model_copy(update={"calibration": (step,)}),)))
    )


def test_forecasts_agree_where_every_interval_holds_what_was_said() -> None:
    assert template(calibrated(0.4, 0.45), "reliability") == "reliability_holds"


def test_the_worst_step_is_named_where_one_does_not() -> None:
    title = calibrated(0.4, 0.7).reliability_title
    assert title is not None
    assert language("en").compose(title).replace("\xa0", " ") == (
        "Farthest off (share, 26 weeks): 40% was said, 70% came (95% interval 60% to 80%)"
    )
    assert template(build_brief(sample_inputs()), "reliability") is None
