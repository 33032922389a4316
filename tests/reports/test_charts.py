"""Figures: the same bytes, no label over another, unknown is never zero, hostile names are harmless."""

import math
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from lxml import etree
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.text import Text as Drawn

import reports.charts as charts
from reports.build import build_brief
from reports.charts import NARROW_INCH, WIDTH_INCH, chart_names, draw_canvas, draw_charts
from reports.charts.style import style
from reports.facts import Brief
from reports.language import LANGUAGES, LanguageCode
from reports.render_html import render_html
from reports.render_pdf import render_pdf
from reports.streams import streams_of, weekly_mean
from reports.view import Chart, charts_of, page_of, race_chart
from tests.reports.rich import plan_with_all, rich_brief
from tests.reports.sample import OUTAGE, sample_inputs
from tests.reports.sample_findings import race, sample_findings
from tests.reports.several import several_inputs

KINDS = ("forest", "shares", "radar", "streams", "signal_timeline", "reliability", "race")
WIDTHS = (WIDTH_INCH, NARROW_INCH)
Corners = list[tuple[float, float]]


@pytest.fixture(scope="module")
def rich() -> Brief:
    return rich_brief()


@pytest.fixture(scope="module")
def several() -> Brief:
    return build_brief(several_inputs(findings=sample_findings()))


@pytest.fixture(scope="module")
def single() -> Brief:
    return build_brief(sample_inputs(findings=sample_findings()))


@pytest.fixture
def shows_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("view", "render_html", "render_pdf"):
        monkeypatch.setattr(f"reports.{module}.brief_plan", lambda _: plan_with_all())


def names_of(brief: Brief, kind: str) -> list[str]:
    return [name for name in chart_names(brief) if name.partition(":")[0] == kind]


def corners(text: Drawn, canvas: Canvas) -> Corners:
    """Of a text's box, turned round its place as the text is."""
    turn, dots = math.radians(text.get_rotation()), 72 / canvas.dpi
    text.set_rotation(0)
    box = text.get_window_extent()
    x, y = text.get_transform().transform(text.get_position())
    text.set_rotation(math.degrees(turn))
    found = []
    for across, up in ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)):
        dx, dy = (across - x) * dots, (up - y) * dots
        found.append((x * dots + dx * math.cos(turn) - dy * math.sin(turn),
                      y * dots + dx * math.sin(turn) + dy * math.cos(turn)))  # fmt: skip
    return found


def overlap(one: Corners, other: Corners) -> float:
    """By how many points two turned boxes overlap, by the theorem of the separating axis; at most 0 where apart."""
    depths = []
    for box in (one, other):
        for (ax, ay), (bx, by) in pairwise(box[:3]):
            length = math.hypot(bx - ax, by - ay) or 1.0
            nx, ny = (bx - ax) / length, (by - ay) / length
            mine, theirs = ([x * nx + y * ny for x, y in each] for each in (one, other))
            depths.append(min(max(mine), max(theirs)) - max(min(mine), min(theirs)))
    return min(depths)


def texts(canvas: Canvas) -> list[tuple[str, Corners]]:
    FigureCanvasAgg(canvas)
    canvas.draw_without_rendering()
    for axis in (axis for axes in canvas.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            # What lies beyond the axis is kept and not drawn.
            tick.label1.set_visible(tick.label1.get_visible() and low - 1e-6 <= tick.get_loc() <= high + 1e-6)
    found = [each for each in canvas.findobj(Drawn) if isinstance(each, Drawn) and each.get_visible()]
    return [(each.get_text(), corners(each, canvas)) for each in found if each.get_text().strip()]


def values(line: Line2D) -> list[float]:
    return [float(each) for each in np.asarray(line.get_ydata(), dtype=float)]


def faults(canvas: Canvas) -> Iterator[str]:
    """Texts over others, and texts that leave the sheet."""
    drawn = texts(canvas)
    wide, high = (72 * side for side in canvas.get_size_inches())
    for (one, box), (other, theirs) in combinations(drawn, 2):
        if overlap(box, theirs) > 0.6:
            yield f"{one!r} over {other!r}"
    for one, box in drawn:
        if not all(-0.5 <= x <= wide + 0.5 and -0.5 <= y <= high + 0.5 for x, y in box):
            yield f"{one!r} leaves the sheet"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_label_stands_over_another_or_leaves_the_sheet(
    rich: Brief, kind: str, code: LanguageCode, width: float
) -> None:
    with style(None):
        for name in names_of(rich, kind):
            canvas = draw_canvas(rich, code, width, name)
            assert canvas is not None
            assert list(faults(canvas)) == [], name


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("seed", range(1, 9))
def test_the_radar_finds_room_whatever_the_growth(seed: int, code: LanguageCode, width: float) -> None:
    with style(None):
        canvas = draw_canvas(rich_brief(seed), code, width, "radar")
        assert canvas is not None
        assert list(faults(canvas)) == []


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("image", ["svg", "png"])
def test_the_same_facts_give_the_same_bytes(single: Brief, code: LanguageCode, image: Any) -> None:
    first = draw_charts(single, code, image=image)
    charts._drawn.cache_clear()
    again = build_brief(sample_inputs(findings=sample_findings()))
    assert draw_charts(again, code, image=image) == first
    assert set(first) == set(chart_names(single))


def test_a_chart_is_drawn_once_for_html_and_pdf_and_only_where_it_is_shown(
    several: Brief, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, float]] = []

    def counted(brief: Brief, code: LanguageCode, width: float, name: str) -> Canvas | None:
        drawn.append((name, width))
        return draw_canvas(brief, code, width, name)

    charts._drawn.cache_clear()
    monkeypatch.setattr(charts, "draw_canvas", counted)
    render_html(several, "en")
    render_pdf(several, "en")
    shown = set(charts_of(page_of(several, "en", "html")))
    assert {"forest", "shares"} < shown
    assert [name.partition(":")[0] for name in shown - {"forest", "shares"}] == ["race"]
    assert sorted(drawn) == sorted((name, width) for name in shown for width in WIDTHS)


def test_briefs_of_other_facts_have_other_drawings(rich: Brief) -> None:
    other = rich.model_copy(update={"areas": tuple(row for row in rich.areas if row.area != "quantum_technology")})
    assert draw_charts(other, "en", names=["streams"]) != draw_charts(rich, "en", names=["streams"])


def test_an_area_without_a_score_has_a_cross_on_its_rim_and_not_the_place_of_no_growth(single: Brief) -> None:
    thin = next(row for row in single.areas if row.status != "ok")
    with style(None):
        canvas = draw_canvas(single, "en", WIDTH_INCH, "radar")
    assert canvas is not None
    crosses = [line for line in canvas.findobj(Line2D) if isinstance(line, Line2D) and line.get_marker() == "x"]
    assert len(crosses) == sum(row.status != "ok" for row in single.areas)
    assert thin.tier == 3
    assert math.dist(
        np.asarray(crosses[0].get_xydata())[0].tolist(), (WIDTH_INCH * 36, 374 - 160 - 19)
    ) == pytest.approx(160)


def test_unknown_weeks_have_no_stream(single: Brief) -> None:
    history = single.areas[0].history
    means = weekly_mean(history, single.header.week)
    at = OUTAGE - history.first_week
    assert history.n[at] is None
    assert means[at : at + 2] == (None, None)
    assert means[at - 1] is not None
    assert means[at + 2] is not None
    assert means[:12] == (None,) * 12
    with style(None):
        canvas = draw_canvas(single, "en", WIDTH_INCH, "streams")
    assert canvas is not None
    lines = [line for axes in canvas.axes for line in axes.lines if len(values(line)) == len(means)]
    assert lines
    assert all(math.isnan(values(line)[at]) for line in lines)


def test_weeks_that_still_fill_up_are_left_out_of_a_stream(single: Brief) -> None:
    history = single.areas[0].history
    assert single.sources[0].year_last + 2 == single.header.week
    means = weekly_mean(history, single.sources[0].year_last)
    assert means[-2:] == (None, None)
    assert means[-3] is not None


def test_a_stream_is_of_one_source_each_and_never_a_sum(several: Brief) -> None:
    for stream in streams_of(several.areas, {row.source: row.profile for row in several.sources}):
        assert stream.papers is None or stream.papers in several.areas
        assert stream.patents is not None
        assert stream.patents.source == "epo_ops", "the one that can hold more of it"


def test_a_window_that_is_unknown_is_a_gap_in_the_race(single: Brief) -> None:
    gap = next(at for at, lead in enumerate(single.races[0].leads) if lead.shares[0].value is None)
    with style(None):
        canvas = draw_canvas(single, "en", WIDTH_INCH, race_chart(single.races[0]))
    assert canvas is not None
    lines = [line for line in canvas.axes[0].lines if len(values(line)) == len(single.races[0].leads)]
    assert len(lines) >= 2
    assert all(math.isnan(values(line)[gap]) for line in lines)


def test_a_signal_has_no_dot_in_weeks_that_were_not_read(single: Brief) -> None:
    signal = single.signals[0]
    assert signal.first_week is not None
    lost = OUTAGE - signal.first_week
    assert signal.weeks[lost] is None
    with style(None):
        canvas = draw_canvas(single, "en", WIDTH_INCH, "signal_timeline")
    assert canvas is not None
    dots = [x for line in canvas.axes[0].lines if line.get_marker() == "o" for x in np.asarray(line.get_xdata())]
    assert len(dots) == sum(bool(n) for each in single.signals for n in each.weeks)
    assert lost not in dots


def test_without_facts_there_is_no_chart_and_no_section(shows_all: None) -> None:
    brief = build_brief(sample_inputs())
    assert set(draw_charts(brief, "en")) == {"forest", "shares", "radar", "streams"}
    names = [section.id for section in page_of(brief, "en", "html").sections]
    assert not {"timeline", "reliability", "races"} & set(names)
    young = sample_findings(races=(race(windows=race().windows[-1:]),))
    told = page_of(build_brief(sample_inputs(findings=young)), "en", "html")
    assert not [name for name in charts_of(told) if name.startswith("race")], "one window is no course"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_figure_has_one_message_and_words_for_who_cannot_see_it(
    several: Brief, code: LanguageCode, shows_all: None
) -> None:
    page = page_of(several, code, "html")
    shown = {block.name: block for section in page.sections for block in section.blocks if isinstance(block, Chart)}
    assert set(shown) == set(chart_names(several)) - {"shares"}
    assert all(chart.title and chart.alt and "{" not in chart.title + chart.alt for chart in shown.values())
    assert "+42%" in shown["radar"].title
    assert "33" in shown["reliability"].alt
    assert "lattice weaving" in shown["signal_timeline"].alt
    assert len(set(map(len, (chart.title for chart in shown.values())))) > 1


@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_terms_stay_outlines_and_words(rich: Brief, code: LanguageCode, shows_all: None) -> None:
    for svg in draw_charts(rich, code, names=["signal_timeline", "radar"]).values():
        root: Any = etree.fromstring(svg)
        assert not root.xpath("//*[local-name()='script' or local-name()='foreignObject' or local-name()='image']")
        assert not root.xpath("//@*[starts-with(name(), 'on')]")
    text = render_html(rich, code).decode("utf-8")
    assert "<script>alert" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_defines_each_letter_once_and_every_reference_holds(
    several: Brief, code: LanguageCode, shows_all: None
) -> None:
    data = render_html(several, code)
    assert len(data) < 1_500_000
    page: Any = etree.HTML(data)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    letters = page.xpath("//svg[@class='letters']/defs/path/@d")
    assert len(letters) > 60
    assert len(letters) == len(set(letters))
    used = {ref.removeprefix("#") for ref in page.xpath("//use/@href")}
    clips = set(re.findall(r"url\(#([^)]+)\)", data.decode("utf-8")))
    assert used | clips <= set(ids)
    assert len(used) > 100


def test_the_pdf_holds_every_figure(several: Brief, shows_all: None) -> None:
    with_all, charts_shown = render_pdf(several, "zh"), charts_of(page_of(several, "zh", "pdf"))
    assert {"radar", "streams", "signal_timeline", "reliability"} <= set(charts_shown)
    assert len(with_all) < 2_000_000
