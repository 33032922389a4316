"""One YAML file a source says everything that is true about it; this is its shape and its loader."""

import importlib
from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from horizon.errors import SourceError, UsageError
from horizon.records import Code, ItemKind, Probability, SourceId
from horizon.weeks import IsoWeek
from scrapers.parsers.oai_envelope import Page

_FOLDER = Path(__file__).parent / "sources"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
Module = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Seconds = Annotated[float, Field(ge=0.0)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Model(BaseModel):
    # cached_property needs a writable __dict__, which pydantic's frozen models keep for it.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Model):
    en: Text
    zh: Text


class Robots(Model):
    """Whether robots.txt binds the crawl; either way a person has written down why."""

    policy: Literal["obey", "exempt"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=20)]


class Politeness(Model):
    """What the source asks of its clients. Never faster than this against a real host."""

    concurrency: Literal[1]
    delay_s: Seconds
    """Between the starts of two requests."""
    user_agent: Text
    """`{contact}` is replaced by an e-mail address or URL."""
    timeout_s: Annotated[float, Field(gt=0)]
    """For a whole answer: a stalled first byte counts."""
    max_page_mb: Annotated[int, Field(gt=0)]
    retry_waits_s: tuple[Seconds, ...] = Field(min_length=1)
    """Before each repeat of the identical URL, after a timeout, a 5xx or an unreadable page."""
    throttled_waits_s: tuple[Seconds, ...] = Field(min_length=1)
    """The same after 429."""
    forbidden_pause_s: Seconds
    """After a 403 no crawl of these hosts starts for so long: a person must look."""
    lock: Module
    """Sources that share a lock share one connection on this machine."""
    lock_wait_s: Seconds
    robots: Robots


class Alarms(Model):
    """Shares (0 to 1) beyond which a crawl is not called OK, or is remarked upon."""

    missing_share: Probability
    """Listed identifiers that could not be had: PARTIAL."""
    refused_share: Probability
    """Records that became no item: PARTIAL."""
    deviation: Annotated[float, Field(gt=0)]
    """Of a week's items from the median of the 8 weeks before: a warning."""


class Licence(Model):
    id: Text
    url: Text
    note: Text
    """What may be stored, shown and shared."""


class Source(Model):
    """One feed."""

    id: SourceId
    title: Bilingual
    kind: ItemKind
    dialect: Module
    parser: Module
    url: Text
    replay_path: Text
    """Where the replay server speaks for this source."""
    hosts: tuple[Text, ...] = Field(min_length=1)
    """Hosts that a redirect may lead to."""
    link_hosts: tuple[Text, ...] = Field(min_length=1)
    """Hosts that an item's link may name."""
    metadata_prefix: Text
    set: str | None = None
    identifier_prefix: str
    earliest_datestamp: date
    """The source refuses windows that begin earlier."""
    earliest_published: date
    """A first date before this is a mistake."""
    overlap_days: Annotated[int, Field(ge=0)]
    """A window begins so much earlier than the week, so that late changes are seen."""
    announced_after_days: Annotated[int, Field(ge=0)] = 0
    """What is submitted at a week's end appears so many days after it."""
    incomplete_weeks: Annotated[int, Field(ge=0)]
    """The newest weeks by first date are still filling up (moderation): not to be scored."""
    max_repairs: Annotated[int, Field(ge=0)]
    """Missing identifiers that are fetched singly; more are reported as missing."""
    politeness: Politeness
    licence: Licence
    alarms: Alarms
    expected_fill: dict[str, Probability]
    """Share of items with this field that is normal; far below it the parser or feed has changed."""
    categories: tuple[str, ...]

    @cached_property
    def known_categories(self) -> dict[str, Code]:
        return {symbol: Code(scheme="arxiv", symbol=symbol) for symbol in self.categories}

    @property
    def parse(self) -> Callable[[bytes, "Source"], Page]:
        """The function `parse_page` of this source's parser module."""
        module = importlib.import_module(f"scrapers.parsers.{self.parser}")
        function: Callable[[bytes, Source], Page] = module.parse_page
        return function

    def at_replay(self, replay_url: str) -> str:
        """This source's base URL on a replay server."""
        return replay_url.rstrip("/") + self.replay_path

    def window(self, week: IsoWeek) -> tuple[date, date]:
        """First and last day to ask for (both included) so that as much of `week` is there as the source can show."""
        since = max(week.monday - timedelta(days=self.overlap_days), self.earliest_datestamp)
        return since, week.sunday + timedelta(days=self.announced_after_days)

    def user_agent(self, contact: str | None) -> str:
        return self.politeness.user_agent.replace("{contact}", contact or "none given")


def is_loopback(url: str) -> bool:
    """Whether the URL is plain http to this machine: only there may waits be shortened."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def list_sources(folder: Path | None = None) -> list[str]:
    """Identifiers of all sources, sorted."""
    return sorted(path.stem for path in (folder or _FOLDER).glob("*.yml"))


def load_source(source_id: str, folder: Path | None = None) -> Source:
    """Read `sources/<id>.yml`. Raises UsageError for an unknown id, SourceError naming the file for a wrong one."""
    known = list_sources(folder)
    if source_id not in known:
        raise UsageError(f"no source {source_id!r}; known are: {', '.join(known) or 'none'}")
    path = (folder or _FOLDER) / f"{source_id}.yml"
    try:
        source = Source.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise SourceError(f"{path.name} is not YAML: {' '.join(str(error).split())}", source=source_id) from None
    except ValidationError as error:
        raise SourceError(f"{path.name} is wrong: {_first_faults(error)}", source=source_id) from None
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{path.name} cannot be read: {error}", source=source_id) from None
    if source.id != source_id:
        raise SourceError(f"{path.name} says id {source.id!r}; the file's name and the id must agree", source=source_id)
    return source


def _first_faults(error: ValidationError) -> str:
    faults = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()[:3]]
    return "; ".join(faults)
