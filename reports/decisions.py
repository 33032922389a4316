"""What the readers are asked to decide: at most three questions, by the rules of `decisions.yml`.

Nothing is decided here. Each question has its strongest evidence for and against, likelihoods before everything; how
good the data are is a sentence of its own. What the previous issue could have asked already counts less.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from horizon.records import Record
from reports.details import Decision
from reports.evidence import (
    about_coverage,
    about_forecast,
    about_lead,
    about_signal,
    about_verdict,
    convergence_against,
    convergence_for,
)
from reports.facts import AreaRow, BriefKind, Grade, ListParam, NameParam, Reach, Statement, Text, WordParam
from reports.figures import ItemReference
from reports.inputs import Known
from reports.news import LEAST_LEAD, group_of, route_names, term
from reports.novelty import CLEAR, lead_taken, signal_news
from reports.policy import reach_of
from reports.routes import text_of
from reports.signals import references
from reports.telling import telling_items

DecisionKind = Literal["verdict", "overtaking", "coverage", "forecast", "signal", "convergence"]


class Worth(Record):
    importance: float
    standing: float
    """Times the importance, for what is no news."""


class Rules(Record):
    """`decisions.yml`."""

    most: int
    floor: dict[BriefKind, float]
    kinds: dict[DecisionKind, Worth]
    least_converging: float
    reaches: tuple[Reach, ...]
    good_grades: tuple[Grade, ...]
    for_most: int
    against_most: int
    items_most: int


@dataclass(frozen=True)
class Asked:
    """A question with how much it is worth."""

    new: bool
    strength: float
    """Of two of one kind the stronger is asked first."""
    decision: Decision


@cache
def rules() -> Rules:
    return Rules.model_validate(yaml.safe_load((files("reports") / "decisions.yml").read_text(encoding="utf-8")))


def decisions(known: Known, rows: Sequence[AreaRow]) -> tuple[Decision, ...]:
    """The worthiest questions first. `rows` are of all areas in all counted sources."""
    found = [*_verdicts(known, rows), *_overtakings(known), *_convergences(known), *_coverage(known, rows)]
    found += [*_forecasts(known), *_signals(known)]
    floor = rules().floor[known.inputs.kind]
    worthy = [(_worth(each), each) for each in found]
    asked = [(worth, each) for worth, each in worthy if worth >= floor]
    asked.sort(key=lambda pair: (-pair[0], -pair[1].strength, pair[1].decision.area or "", str(pair[1].decision.ask)))
    return tuple(each.decision for _, each in asked[: rules().most])


def adjustments(_: Known) -> tuple[Statement, ...]:
    """Of tiers and routes: none, while the rules that would compute them are not there."""
    return (Statement(template="adjustments_none"),)


def _worth(asked: Asked) -> float:
    worth = rules().kinds[_kind(asked.decision)]
    return worth.importance * (1.0 if asked.new else worth.standing)


def _kind(decision: Decision) -> DecisionKind:
    return next(kind for kind in rules().kinds if kind == decision.kind)


def _decision(
    kind: DecisionKind,
    ask: Statement,
    because: Sequence[Statement],
    against: Sequence[Statement],
    area: str | None = None,
    group: Text | None = None,
    items: Sequence[ItemReference] = (),
) -> Decision:
    """Cut to the strongest evidence of either side; where none is known against it, that is said."""
    return Decision(
        kind=kind,
        ask=ask,
        because=tuple(because[: rules().for_most]),
        against=tuple(against[: rules().against_most]) or (Statement(template="against_none"),),
        area=area,
        group=group,
        items=tuple(items[: rules().items_most]),
    )


def _name(known: Known, area: str) -> Text:
    return text_of(known.areas[area].name)


def _items(known: Known, area: str) -> tuple[ItemReference, ...]:
    telling = telling_items(known, known.areas[area], rules().items_most)
    return tuple(references(known, tuple(item.id for item in telling)))


# ---- one generator a kind --------------------------------------------------------------------------------------------


def _verdicts(known: Known, rows: Sequence[AreaRow]) -> Iterator[Asked]:
    """An area whose leading source has it clearly rise or fall, of data good enough to be spoken of."""
    for row in rows:
        fit = row.leads and row.coverage.grade != "D" and known.profiles[row.source].trust != "low"
        if not fit or row.verdict not in CLEAR or row.change.before is None:
            continue
        ask = Statement(
            template="decide_verdict",
            params={
                "area": NameParam(name=row.name),
                "tier": WordParam(table="tier_name", word=str(row.tier)),
                "now": WordParam(table="verdict", word=row.verdict),
                "before": WordParam(table="verdict", word=row.change.before),
            },
        )
        because, against = about_verdict(known, row, rows, rules().good_grades)
        made = _decision("verdict", ask, because, against, row.area, row.name, _items(known, row.area))
        chance = row.p_rising.value if row.p_rising.value is not None else 0.5
        yield Asked(row.change.moved, abs(chance - 0.5), made)


def _overtakings(known: Known) -> Iterator[Asked]:
    for race in known.inputs.findings.races:
        if race.area not in known.areas or not lead_taken(known, race) or race.p_leads <= LEAST_LEAD:
            continue
        group = group_of(known, race)
        if group is None:
            continue
        name = _name(known, race.area)
        ask = Statement(
            template="decide_overtaking",
            params={
                "area": NameParam(name=name),
                "group": NameParam(name=text_of(group.name)),
                "leader": route_names(known, race)[race.leader],
            },
        )
        because, against = about_lead(known, race)
        made = _decision("overtaking", ask, because, against, race.area, name, _items(known, race.area))
        yield Asked(True, race.p_leads, made)


def _convergences(known: Known) -> Iterator[Asked]:
    """Only where the tier's focus asks for it; never news, since it moves by the year."""
    for race in known.inputs.findings.races:
        if race.area not in known.areas or not race.asked_by_policy or race.convergence_word is None:
            continue
        group, chance = group_of(known, race), race.p_converging or 0.0
        if group is None or chance < rules().least_converging:
            continue
        name = _name(known, race.area)
        ask = Statement(
            template="decide_convergence",
            params={
                "area": NameParam(name=name),
                "group": NameParam(name=text_of(group.name)),
                "word": WordParam(table="convergence", word=race.convergence_word),
            },
        )
        because, against = convergence_for(known, race), convergence_against(known, race)
        made = _decision("convergence", ask, because, against, race.area, name, _items(known, race.area))
        yield Asked(False, chance, made)


def _coverage(known: Known, rows: Sequence[AreaRow]) -> Iterator[Asked]:
    """A source that was not read and could hold areas of which every other has too little."""
    blind = [area for area in known.areas if all(_says_nothing(row) for row in rows if row.area == area)]
    disabled = {each.source for each in known.inputs.disabled}
    for name, week in known.sources.items():
        unread = name in disabled or week.status in (None, "ERROR")
        areas = [area for area in blind if reach_of(name, area) in rules().reaches]
        if not unread or not areas or not known.profiles[name].counted:
            continue
        listed = ListParam(
            parts=tuple(
                Statement(template="name_alone", params={"source": NameParam(name=_name(known, area))})
                for area in areas
            )
        )
        ask = Statement(
            template="decide_coverage_disabled" if name in disabled else "decide_coverage_failed",
            params={"source": NameParam(name=known.profiles[name].name), "areas": listed},
        )
        leading = [row for row in rows if row.area in areas and row.leads]
        because, against = about_coverage(known, name, areas, leading, failed=name not in disabled)
        one = areas[0] if len(areas) == 1 else None
        made = _decision("coverage", ask, because, against, one, _name(known, one) if one else None)
        yield Asked(_newly_unread(known, name), float(len(areas)), made)


def _says_nothing(row: AreaRow) -> bool:
    return row.status != "ok" or row.coverage.grade == "D"


def _newly_unread(known: Known, source: str) -> bool:
    """Since the previous issue's week; in a first issue whatever is not read is news."""
    last, since = known.sources[source].last_success, known.inputs.previous_week
    return since is None or (last is not None and last >= since.monday)


def _forecasts(known: Known) -> Iterator[Asked]:
    """Those outside their interval of 95 %, the farthest off of each area: one in five lies outside that of 80 %."""
    seen: set[str] = set()
    for place, missed in enumerate(known.inputs.findings.missed):
        if not missed.far or missed.area not in known.areas or missed.area in seen:
            continue
        seen.add(missed.area)
        name = _name(known, missed.area)
        side = WordParam(table="side_of", word="above" if missed.came > missed.said.value else "below")
        ask = Statement(template="decide_forecast", params={"area": NameParam(name=name), "side": side})
        because, against = about_forecast(known, missed)
        made = _decision("forecast", ask, because, against, missed.area, name, _items(known, missed.area))
        yield Asked(True, -float(place), made)


def _signals(known: Known) -> Iterator[Asked]:
    """Confirmed ones near an area, each to that area's group."""
    for signal in known.inputs.findings.signals:
        area = signal.nearest_area
        if signal.tier != "confirmed" or area is None or area not in known.areas:
            continue
        name = _name(known, area)
        ask = Statement(template="decide_signal", params={"area": NameParam(name=name), "term": term(signal.term)})
        because, against = about_signal(known, signal)
        made = _decision("signal", ask, because, against, area, name, tuple(references(known, signal.item_ids)))
        yield Asked(signal_news(known, signal) != "told", float(signal.groups), made)
