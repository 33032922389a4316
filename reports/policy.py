"""The briefs' data files, validated: coverage thresholds, source names and links, orders of sections."""

import re
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import yaml

from horizon.errors import RenderError
from horizon.records import Record
from reports.facts import Grade, Text, Unit, World


class GradeRule(Record):
    items_52w: int
    unknown_weeks: int


class Coverage(Record):
    """`coverage.yml`."""

    grades: dict[Grade, GradeRule]
    thin: dict[str, tuple[str, ...]]
    thin_cap: Grade
    amber_unknown_weeks: int
    amber_refused_share: float
    score_needs: int
    score_needs_weeks: int
    route_needs: int


class SourceName(Record):
    """One entry of `sources.yml`."""

    name: Text
    unit: Unit
    id: str
    link: str
    hosts: tuple[str, ...]


class Limits(Record):
    """How much of a brief one format shows."""

    items_per_area: int
    title_chars: int
    reasons: int
    routes_notes: bool = True
    chart_scale: float = 1.0
    """Width of charts against the page, in print."""
    items: int | None = None
    """At most so many items in all; None: no limit."""


class PdfPlan(Record):
    pages: int
    fit: tuple[dict[str, Any], ...]


class BriefPlan(Record):
    """`briefs/<kind>.yml`."""

    kind: str
    items_per_area: int
    sections: tuple[str, ...]
    limits: dict[str, Limits]
    pdf: PdfPlan


def _data(name: str) -> Any:
    return yaml.safe_load((files("reports") / name).read_text(encoding="utf-8"))


@cache
def coverage_rules() -> Coverage:
    return Coverage.model_validate(_data("coverage.yml"))


@cache
def source_names() -> dict[str, SourceName]:
    return {key: SourceName.model_validate(value) for key, value in _data("sources.yml").items()}


@cache
def brief_plan(kind: str) -> BriefPlan:
    """The plan of a kind of brief; raises RenderError for an unknown kind."""
    try:
        return BriefPlan.model_validate(_data(f"briefs/{kind}.yml"))
    except FileNotFoundError:
        raise RenderError(f"expected a brief's kind with a file reports/briefs/<kind>.yml, found {kind!r}") from None


def source_name(source: str) -> Text:
    """A source's name in both languages; its id when `sources.yml` does not know it."""
    known = source_names().get(source)
    return known.name if known else Text(en=source, zh=source)


def source_unit(source: str) -> Unit:
    known = source_names().get(source)
    return known.unit if known else "records"


def link_of(item_id: str, world: World) -> str | None:
    """Address of an item, from its id alone; None for the simulated world, unknown sources and odd ids."""
    source, _, local = item_id.partition(":")
    known = source_names().get(source)
    if world == "simulated" or known is None or not re.fullmatch(known.id, local):
        return None
    link = known.link.format(local=local)
    return link if link_is_allowed(source, link) else None


def link_is_allowed(source: str, link: str) -> bool:
    """Whether a link goes by https to one of the source's own hosts."""
    known = source_names().get(source)
    if known is None:
        return False
    try:
        parts = urlsplit(link)
        plain = parts.port is None and parts.username is None and parts.password is None
    except ValueError:
        return False
    return plain and parts.scheme == "https" and parts.hostname in known.hosts
