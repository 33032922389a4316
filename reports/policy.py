"""The briefs' data files, validated: coverage thresholds, source names and links, orders of sections."""

import re
from functools import cache
from importlib.resources import files
from typing import Any, get_args
from urllib.parse import urlsplit

import yaml

from horizon.errors import RenderError
from horizon.records import Item, ItemKind, Record
from reports.facts import BriefKind, Grade, GradeCause, Group, Reach, SourceProfile, Text, Unit, World

GROUPS: tuple[Group, ...] = get_args(Group)
REACHES: tuple[Reach, ...] = get_args(Reach)
"""Widest first."""
_ADDRESS = re.compile(r"https://[A-Za-z0-9._~/%?=&;:()+,#-]{1,500}")


class GradeRule(Record):
    items_52w: int
    unknown_weeks: int
    unknown_recent: int
    lost_share: float


class DelayCap(Record):
    months: int
    grade: Grade


class Coverage(Record):
    """`coverage.yml`."""

    recent_weeks: int
    grades: dict[Grade, GradeRule]
    caps: dict[GradeCause, Grade]
    reach_caps: dict[Reach, Grade]
    reach: dict[str, dict[str, Reach | tuple[str, ...]]]
    reach_default: Reach
    delays: dict[str, int]
    delay_cap: DelayCap
    side_needs: Grade
    amber_unknown_weeks: int
    amber_refused_share: float
    route_needs: int


class Prefix(Record):
    """How an item whose id begins so is linked."""

    id: str
    link: str | None = None
    hosts: tuple[str, ...]


class Sources(Record):
    """`sources.yml`."""

    names: dict[str, Text]
    groups: dict[str, Group]
    group_of_kind: dict[ItemKind, Group]
    units: dict[Group, Unit]
    prefixes: dict[str, Prefix]


class Limits(Record):
    """How much of a brief one format shows."""

    items_per_area: int
    title_chars: int
    reasons: int
    routes_notes: bool = True
    coverage_notes: bool = True
    shares: bool = True
    """Whether the second chart is shown; the first table has its lines in small."""
    type_scale: float = 1.0
    """Size of letters against those of the two pages, in print."""
    chart_scale: float = 1.0
    """Width of charts against the page, in print."""
    items: int | None = None
    """At most so many items in all; None: no limit."""
    decision_titles: bool = True
    """Whether the items to begin with are shown with their titles."""
    signals: int = 10
    signal_details: bool = True
    signal_items: int = 3
    odd: int = 10
    races: int = 100
    race_charts: int = 0
    """Of so many of the races shown the course is drawn."""
    movers: int = 100
    track_head: bool = True
    side_by_side: bool = True
    """Whether the table of all sources is shown; the first one has the leading ones."""
    reproduction: bool = True
    method: bool = True
    """How the numbers were made; what they cannot say is always there."""
    pages: int = 100
    """Area pages."""
    aspect_quotes: int = 2
    """Quotes of each aspect on them."""


class PdfPlan(Record):
    pages: int
    fit: tuple[dict[str, Any], ...]


class BriefPlan(Record):
    """`briefs/<kind>.yml`."""

    kind: BriefKind
    window_weeks: int = 1
    """How many weeks an issue speaks of."""
    items_per_area: int
    late_weeks: int
    """How far back items that were first known since the previous issue are looked for."""
    sections: tuple[str, ...]
    lengths: dict[str, int]
    """Most words (en) or characters (zh) of the bottom line."""
    limits: dict[str, Limits]
    pdf: PdfPlan


def _data(name: str) -> Any:
    return yaml.safe_load((files("reports") / name).read_text(encoding="utf-8"))


@cache
def coverage_rules() -> Coverage:
    return Coverage.model_validate(_data("coverage.yml"))


@cache
def source_words() -> Sources:
    return Sources.model_validate(_data("sources.yml"))


@cache
def brief_plan(kind: str) -> BriefPlan:
    """The plan of a kind of brief; raises RenderError for an unknown kind."""
    try:
        return BriefPlan.model_validate(_data(f"briefs/{kind}.yml"))
    except FileNotFoundError:
        raise RenderError(f"expected a brief's kind with a file reports/briefs/<kind>.yml, found {kind!r}") from None


def reach_of(source: str, area: str) -> Reach:
    """How much of an area's new work a source can hold."""
    rules = coverage_rules()
    table = rules.reach.get(source, {})
    for level in REACHES:
        if area in table.get(level, ()):
            return level
    default = table.get("default", rules.reach_default)
    return default if isinstance(default, str) else rules.reach_default


def profile_of(source: str, told: SourceProfile | None = None) -> SourceProfile:
    """A source's profile with our own short name and group, where `sources.yml` has them.

    Without `told` it is what a brief can say of a source whose file nobody passed on: its name and its group.
    """
    words = source_words()
    name = words.names.get(source)
    profile = told or SourceProfile(source=source, name=name or Text(en=source, zh=source))
    group = words.groups.get(source) or (words.group_of_kind[profile.kind] if told else profile.group)
    return profile.model_copy(update={"name": name or profile.name, "group": group})


def unit_of(profile: SourceProfile) -> Unit:
    return source_words().units[profile.group]


def link_of(item: Item, hosts: tuple[str, ...], world: World) -> str | None:
    """Address of an item on a host that is known for its id's prefix, or on one of `hosts` of its source.

    None for the simulated world, whose ids belong to nobody, and for odd ids and addresses.
    """
    prefix, _, local = item.id.partition(":")
    known = source_words().prefixes.get(prefix)
    if world == "simulated" or (known is not None and not re.fullmatch(known.id, local)):
        return None
    link = known.link.format(local=local) if known and known.link else item.url
    return link if link_is_allowed(link, known.hosts if known else hosts) else None


def link_is_allowed(link: str, hosts: tuple[str, ...]) -> bool:
    """Whether a link goes by https to one of these hosts and holds nothing that a page could take for markup."""
    try:
        parts = urlsplit(link)
        plain = parts.port is None and parts.username is None and parts.password is None
    except ValueError:
        return False
    return plain and _ADDRESS.fullmatch(link) is not None and parts.hostname in hosts
