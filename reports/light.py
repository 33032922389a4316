"""The light of an issue: whether what it was meant to read was read. Rules in `coverage.yml`."""

from reports.coverage import name_statement
from reports.facts import FigureParam, Light, ListParam, NameParam, Param, Statement
from reports.inputs import Known, SourceWeek
from reports.policy import coverage_rules
from reports.trace import figure


def light_of(known: Known) -> tuple[Light, Statement, Statement | None]:
    """Red when a source's week is unknown, amber when one is incomplete, unscored or has holes, else green.

    A replayed world is never green. The second statement says that counts will still rise, while they do.
    """
    failed = [source.source for source in known.inputs.sources if source.status in (None, "ERROR")]
    if failed:
        named = ListParam(parts=tuple(name_statement(known, source) for source in failed))
        return "red", Statement(template="light_red_unknown", params={"sources": named}), None
    reasons = (_amber(known, source) for source in known.inputs.sources)
    reason = next((each for each in reasons if each is not None), None) or _unscored(known)
    if reason is None and known.inputs.world == "replayed":
        reason = Statement(template="light_amber_replayed")
    filling = any(source.incomplete_weeks for source in known.inputs.sources)
    note = Statement(template="light_filling") if filling else None
    return ("green", _green(known), note) if reason is None else ("amber", reason, note)


def _amber(known: Known, source: SourceWeek) -> Statement | None:
    rules, name = coverage_rules(), NameParam(name=known.profiles[source.source].name)
    missing = figure(known, "identifiers", "fetch", source=source.source, field="missing")
    if source.status == "PARTIAL" or missing.value:
        params: dict[str, Param] = {"source": name, "missing": FigureParam(figure=missing)}
        return Statement(template="light_amber_partial", params=params)
    if source.fetch and source.fetch.refused > rules.amber_refused_share * max(source.fetch.records, 1):
        refused = figure(known, "records", "fetch", source=source.source, field="refused")
        return Statement(
            template="light_amber_refused", params={"source": name, "refused": FigureParam(figure=refused)}
        )
    lost = figure(known, "weeks", "unknown_weeks", source=source.source, weeks=known.inputs.window_weeks)
    if lost.value and known.inputs.window_weeks > 1:
        window = figure(known, "weeks", "setting", value=known.inputs.window_weeks)
        told: dict[str, Param] = {"source": name, "unknown": FigureParam(figure=lost), "of": FigureParam(figure=window)}
        return Statement(template="light_amber_window", params=told)
    unknown = figure(known, "weeks", "unknown_weeks", source=source.source)
    if (unknown.value or 0) > rules.amber_unknown_weeks and known.profiles[source.source].counted:
        return Statement(
            template="light_amber_history", params={"source": name, "unknown": FigureParam(figure=unknown)}
        )
    return None


def _unscored(known: Known) -> Statement | None:
    """Counted sources that have no score of any area."""
    scored = {source for series, source in known.scores if series.startswith("area:")}
    names = [source.source for source in known.inputs.sources]
    without = [name for name in names if known.profiles[name].counted and name not in scored]
    if not without:
        return None
    named = ListParam(parts=tuple(name_statement(known, source) for source in without))
    return Statement(template="light_amber_unscored", params={"sources": named})


def _green(known: Known) -> Statement:
    limit = figure(known, "weeks", "setting", value=coverage_rules().amber_unknown_weeks)
    return Statement(template="light_green", params={"limit": FigureParam(figure=limit)})
