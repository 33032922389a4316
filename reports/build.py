"""Facts from plain data: `build_brief` is a pure function, so that the same inputs give the same bytes."""

from typing import Any

from horizon.records import Score
from horizon.weeks import weeks_between
from reports.bottom_line import bottom_line, may_be_spoken_of, tally_params
from reports.changes import changes
from reports.chart_titles import radar_title, reliability_title, streams_title, timeline_title
from reports.checks import checks
from reports.corrections import corrections
from reports.coverage import cover_area, grade_area, items_of_year
from reports.decisions import adjustments, decisions
from reports.facts import (
    AreaRow,
    Brief,
    Change,
    Figure,
    FigureParam,
    Header,
    History,
    NameParam,
    Param,
    SourceRow,
    Statement,
    Unit,
    WeekParam,
)
from reports.inputs import HISTORY_WEEKS, BriefInputs, Known, SourceWeek, counted_sources, index, run_hash
from reports.light import light_of
from reports.method import limits, method
from reports.movers import movers_facts
from reports.negatives import negatives
from reports.pages import area_pages
from reports.policy import brief_plan, unit_of
from reports.races import race_facts
from reports.reproduction import reproduction
from reports.routes import leading_route, text_of
from reports.signals import odd_facts, signal_facts, signals_note
from reports.telling import telling_items
from reports.trace import counted_ids, figure, late_ids
from reports.track import track_of
from taxonomy.schema import AreaFile


def build_brief(inputs: BriefInputs) -> Brief:
    """Put one issue together. Titles and bottom line speak of each area as its leading source shows it."""
    known, plan = index(inputs), brief_plan(inputs.kind)
    counted = counted_sources(inputs, known.profiles)
    rows = tuple(_area_row(known, area, source) for source in counted for area in inputs.areas)
    main = tuple(row for area in inputs.areas for row in rows if row.leads and row.area == area.id)
    header, races, movers = _header(known), race_facts(known), movers_facts(known)
    coverage = tuple(cover_area(known, [row for row in rows if row.area == each.area]) for each in main)
    signals, track = signal_facts(known), track_of(known)
    return Brief(
        races=races,
        signals=signals,
        signals_note=signals_note(known),
        odd=odd_facts(known),
        movers=movers,
        track=track,
        pages=area_pages(known, main, coverage, races, movers),
        negatives=negatives(known, main),
        checks=checks(known),
        corrections=corrections(known),
        reproduction=reproduction(header, inputs.findings.ledger_head),
        radar_title=radar_title(known, main),
        streams_title=streams_title(known, rows),
        timeline_title=timeline_title(signals),
        reliability_title=reliability_title(track),
        header=header,
        bottom_line=bottom_line(known, main),
        decisions=decisions(known, rows),
        adjustments=adjustments(known),
        changes=changes(known, main),
        coverage=coverage,
        areas=rows,
        forest_title=_forest_title(known, main),
        shares_title=_shares_title(known, main),
        items=tuple(item for area in inputs.areas for item in telling_items(known, area, plan.items_per_area)),
        sources=tuple(_source_row(known, source) for source in (*inputs.sources, *inputs.disabled)),
        method=tuple(method(known, main)),
        limits=tuple(limits(known, counted)),
    )


def _header(known: Known) -> Header:
    inputs = known.inputs
    light, reason, note = light_of(known)
    return Header(
        kind=inputs.kind,
        area=inputs.area,
        week=inputs.week,
        window_weeks=inputs.window_weeks,
        first_day=(inputs.week + (1 - inputs.window_weeks)).monday,
        last_day=inputs.week.sunday,
        title=_title(known),
        world=inputs.world,
        cut_off=inputs.as_of,
        light=light,
        light_reason=reason,
        light_note=note,
        run_id=inputs.run_id,
        run_hash=run_hash(inputs),
        taxonomy=inputs.taxonomy,
        model=inputs.model,
        code=inputs.code,
        sources=tuple(source.source for source in inputs.sources),
        disabled=tuple(source.source for source in inputs.disabled),
        score_rules=inputs.score_rules,
    )


def _title(known: Known) -> Statement:
    params: dict[str, Param] = {"week": WeekParam(week=known.week)}
    if known.inputs.area is not None:
        params["area"] = NameParam(name=text_of(known.areas[known.inputs.area].name))
    return Statement(template=f"title_{known.inputs.kind}", params=params)


def _area_row(known: Known, area: AreaFile, source: str) -> AreaRow:
    series, unit = f"area:{area.id}", unit_of(known.profiles[source])
    score = known.scores.get((series, source))
    of: dict[str, Any] = {"series": series, "source": source}
    ids, utility_ids = counted_ids(known, area.id, source)
    utility: dict[str, Any] = {"series": f"utility:{area.id}", "source": source}
    has_utility = (utility["series"], source) in known.points
    late = late_ids(known, area.id, source)
    return AreaRow(
        area=area.id,
        name=text_of(area.name),
        tier=area.tier,
        sector=area.sector,
        source=source,
        series=series,
        status=score.status if score else "unscored",
        verdict=score.verdict if score and score.status == "ok" else None,
        growth=figure(known, "percent_per_year", "score", **of, field="growth_pct"),
        path=tuple(
            figure(known, "percent_per_year", "score", **of, field="growth_path", at=at)
            for at in range(1, len(score.growth_path) if score else 0)
        ),
        p_rising=figure(known, "probability", "score", **of, field="p_rising"),
        share_52w=figure(known, "share", "score", **of, field="share_52w"),
        n_52w=items_of_year(known, series, source),
        n_week=_items_of_issue(known, unit, series, source, ids),
        late=figure(known, unit, "late", late if known.inputs.window_weeks == 1 else (), area=area.id, source=source),
        change=_change(known, series, source),
        coverage=grade_area(known, area.id, source),
        history=_history(known, series, source),
        route=leading_route(known, area, source),
        utility_52w=figure(known, unit, "count_sum", **utility) if has_utility else None,
        utility_week=_items_of_issue(known, unit, utility["series"], source, utility_ids) if has_utility else None,
        leads=known.leading.get(area.id) == source,
    )


def _items_of_issue(known: Known, unit: Unit, series: str, source: str, ids: tuple[str, ...]) -> Figure:
    """Items of the week, by their ids; of a quarter there are too many to list."""
    if known.inputs.window_weeks == 1:
        return figure(known, unit, "count", ids, series=series, source=source, week=known.week)
    return figure(known, unit, "count_window", series=series, source=source, weeks=known.inputs.window_weeks)


def _change(known: Known, series: str, source: str) -> Change:
    since = known.inputs.previous_week
    if since is None:
        return Change(kind="first_issue")
    if not known.comparable:
        other_model = known.inputs.previous_model != known.inputs.model
        return Change(kind="model_changed" if other_model else "taxonomy_changed", since=since)
    delta = figure(known, "percentage_points", "change", series=series, source=source)
    if delta.value is None:
        return Change(kind="not_scored", since=since)
    now, before = known.scores[series, source], known.previous[series, source]
    return Change(
        kind="compared",
        since=since,
        delta=delta,
        before=before.verdict,
        moved=now.verdict != before.verdict,
        within=_within(now, before),
    )


def _within(one: Score, other: Score) -> bool:
    """Whether one 80 % interval holds the other, or each holds the other's estimate."""
    ends = (one.growth_lo80, one.growth_pct, one.growth_hi80, other.growth_lo80, other.growth_pct, other.growth_hi80)
    if None in ends:
        return False
    low, middle, high, other_low, other_middle, other_high = (float(end or 0.0) for end in ends)
    holds = low <= other_low <= other_high <= high or other_low <= low <= high <= other_high
    return holds or (low <= other_middle <= high and other_low <= middle <= other_high)


def _history(known: Known, series: str, source: str) -> History:
    first = known.week + (1 - HISTORY_WEEKS)
    points = known.points.get((series, source), {})
    weeks = list(weeks_between(first, known.week))
    return History(
        series=series,
        source=source,
        first_week=first,
        n=tuple(points[week].n if week in points else None for week in weeks),
        total=tuple(points[week].total if week in points else None for week in weeks),
    )


def _forest_title(known: Known, rows: tuple[AreaRow, ...]) -> Statement:
    if not any(row.status == "ok" for row in rows):
        return Statement(template="forest_none")
    params = tally_params(known)
    clear, probable = (
        any(row.verdict in words for row in rows)
        for words in (("rising", "falling"), ("probably rising", "probably falling"))
    )
    template = {(True, True): "forest_message", (True, False): "forest_clear", (False, True): "forest_probable"}
    return Statement(template=template.get((clear, probable), "forest_still"), params=params)


def _shares_title(known: Known, rows: tuple[AreaRow, ...]) -> Statement:
    """Which share moved most beyond its interval, or that none did; never which is the largest."""
    scored = [row for row in rows if row.status == "ok" and may_be_spoken_of(known, row)]
    if not scored:
        return Statement(template="shares_none")
    row = max(scored, key=lambda each: (_clearance(each.growth), each.area))
    if _clearance(row.growth) <= 0:
        return Statement(template="shares_still")
    params: dict[str, Param] = {"area": NameParam(name=row.name), "growth": FigureParam(figure=row.growth)}
    return Statement(template="shares_moved", params=params)


def _clearance(growth: Figure) -> float:
    """How far the near end of the interval lies from no growth; negative where the interval holds zero."""
    return max(growth.low or 0.0, -(growth.high or 0.0)) if growth.low is not None and growth.high is not None else -1.0


def _source_row(known: Known, source: SourceWeek) -> SourceRow:
    def of(field: str, unit: str = "records") -> Figure:
        return figure(
            known, "identifiers" if unit == "identifiers" else "records", "fetch", source=source.source, field=field
        )

    fetch, profile = source.fetch, known.profiles[source.source]
    disabled = source.source in {each.source for each in known.inputs.disabled}
    year_first, year_last = known.year_of(source.source)
    return SourceRow(
        source=source.source,
        name=profile.name,
        status="disabled" if disabled else source.status or "never",
        since=fetch.since if fetch else None,
        until=fetch.until if fetch else None,
        cut_off=fetch.cut_off if fetch else None,
        records=of("records"),
        items=of("items"),
        refused=of("refused"),
        missing=of("missing", "identifiers"),
        unknown_weeks=figure(known, "weeks", "unknown_weeks", source=source.source),
        incomplete_weeks=figure(known, "weeks", "incomplete_weeks", source=source.source),
        year_first=year_first,
        year_last=year_last,
        reason=fetch.reason if fetch else None,
        last_success=source.last_success,
        profile=profile,
    )
