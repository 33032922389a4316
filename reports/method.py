"""What stands at the end of every brief: how its numbers were made, and what they cannot say."""

from collections.abc import Iterator, Sequence

from reports.bottom_line import score_needs
from reports.coverage import name_statement
from reports.facts import AreaRow, FigureParam, ListParam, NameParam, Param, Statement, VerbatimParam, WordParam
from reports.inputs import Known
from reports.likelihood import SCALE
from reports.pages import lens_limit
from reports.policy import coverage_rules
from reports.trace import figure

WORDS_ONLY = "-words"
"""How the fingerprint of a classifier ends that had to do without its sentence encoder (`nlp.classifier`)."""


def method(known: Known, rows: Sequence[AreaRow]) -> Iterator[Statement]:
    """How labels, scores, grades and items were made; `rows` are the leading ones."""
    inputs = known.inputs
    versions: dict[str, Param] = {
        "model": VerbatimParam(text=inputs.model),
        "taxonomy": VerbatimParam(text=inputs.taxonomy),
    }
    yield Statement(template="method_label", params=versions)
    methods = sorted({known.scores[row.series, row.source].method for row in rows if row.status != "unscored"})
    if methods:
        yield Statement(template="method_momentum", params={"method": VerbatimParam(text=", ".join(methods))})
    if inputs.score_rules is not None:
        yield Statement(template="method_verdict", params=_bars(known) | score_needs(known))
    yield Statement(template="method_likelihood", params={"words": _scale(known)})
    yield Statement(template="method_grade", params=_grade_rules(known))
    yield Statement(template="method_grade_area")
    yield Statement(template="method_items")
    if inputs.findings.lenses:
        yield Statement(template="method_lens")
    if inputs.findings.checks:
        yield Statement(template="method_checks")
    yield Statement(template="method_trace")


def _scale(known: Known) -> ListParam:
    """The seven words with their bounds."""
    return ListParam(
        parts=tuple(
            Statement(
                template="likelihood_bound",
                params={
                    "word": WordParam(table="likelihood", word=word),
                    "low": FigureParam(figure=figure(known, "probability", "setting", value=low)),
                    "high": FigureParam(figure=figure(known, "probability", "setting", value=high)),
                },
            )
            for low, high, word in SCALE
        )
    )


def _bars(known: Known) -> dict[str, Param]:
    """The probabilities at which the words change, as the scoring has them."""
    bars = known.inputs.score_rules.bars if known.inputs.score_rules else ()
    names = {"rising": "rise", "probably rising": "maybe_rise", "no clear change": "still", "probably falling": "fall"}
    return {
        names[word]: FigureParam(figure=figure(known, "probability", "setting", value=bar))
        for bar, word in bars
        if word in names
    }


def _grade_rules(known: Known) -> dict[str, Param]:
    params: dict[str, Param] = {}
    for grade, rule in sorted(coverage_rules().grades.items()):
        params[f"items_{grade.lower()}"] = FigureParam(figure=figure(known, "records", "setting", value=rule.items_52w))
        params[f"weeks_{grade.lower()}"] = FigureParam(
            figure=figure(known, "weeks", "setting", value=rule.unknown_weeks)
        )
    return params


def limits(known: Known, sources: Sequence[str]) -> Iterator[Statement]:
    """What the numbers of the counted sources cannot say."""
    if known.inputs.world == "replayed":
        yield Statement(template="limit_replayed")
    if sources:
        yield Statement(template="limit_source", params={"sources": _named(known, sources)})
    told = [source for source in sources if known.profiles[source].denominator == "query"]
    if told:
        yield Statement(template="limit_denominator", params={"sources": _named(known, told)})
    yield from _of_each(known, sources, "limit_unknown", "unknown_weeks")
    yield from _of_each(known, sources, "limit_incomplete", "incomplete_weeks")
    yield from _low_trust(known)
    yield Statement(template="limit_overlap")
    yield Statement(template="limit_labels")
    yield from lens_limit(known)
    if known.inputs.model.endswith(WORDS_ONLY):
        yield Statement(template="limit_words_only")
    issues = figure(known, "issues", "issues", severity="warning,error")
    if issues.value:
        codes = sorted({code for severity, code, _ in known.inputs.issues if severity in ("warning", "error")})
        named: dict[str, Param] = {
            "issues": FigureParam(figure=issues),
            "codes": VerbatimParam(text=", ".join(codes)),
        }
        yield Statement(template="limit_issues", params=named)
    yield Statement(template="limit_advice")


def _named(known: Known, sources: Sequence[str]) -> ListParam:
    return ListParam(parts=tuple(name_statement(known, source) for source in sources))


def _of_each(known: Known, sources: Sequence[str], template: str, query: str) -> Iterator[Statement]:
    """One sentence on a number of weeks that sources have, each with its own."""
    parts = []
    for source in sources:
        weeks = figure(known, "weeks", query, source=source)
        if weeks.value:
            params: dict[str, Param] = {
                "source": NameParam(name=known.profiles[source].name),
                "weeks": FigureParam(figure=weeks),
            }
            parts.append(Statement(template="source_weeks", params=params))
    if parts:
        yield Statement(template=template, params={"sources": ListParam(parts=tuple(parts))})


def _low_trust(known: Known) -> Iterator[Statement]:
    low = [source.source for source in known.inputs.sources if known.profiles[source.source].trust == "low"]
    if low:
        held: dict[str, Param] = {
            "sources": _named(known, low),
            "held": FigureParam(figure=figure(known, "records", "held_back")),
        }
        yield Statement(template="limit_low_trust", params=held)
