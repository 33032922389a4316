"""One YAML file a source says everything that is true about it; this is its shape and its loader."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, BinaryIO, Literal, TypeVar
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from horizon.errors import SourceError, UsageError
from horizon.records import Code, Issue, Item, ItemKind, Probability, SourceId
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from taxonomy.load import repeated_keys

_FOLDER = Path(__file__).parent / "sources"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
Module = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Seconds = Annotated[float, Field(ge=0.0)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
KEY_PREFIX = "HORIZON_"
_Options = TypeVar("_Options", bound=BaseModel)


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
    """For a whole answer, from the request to its last byte: a stalled first byte counts, and a slow drip."""
    max_page_mb: Annotated[int, Field(gt=0)]
    retry_waits_s: tuple[Seconds, ...] = Field(min_length=1)
    """Before each repeat of the identical URL, after a timeout, a 5xx or an unreadable page."""
    throttled_waits_s: tuple[Seconds, ...] = Field(min_length=1)
    """The same after 429."""
    retry_after: Literal["seconds", "milliseconds", "ignore"] = "seconds"
    """Unit of the source's `Retry-After`; it may lengthen the waits above, never shorten them."""
    longest_wait_s: Seconds = 3600.0
    """`Retry-After` is obeyed up to this."""
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
    probe: Text | None = None
    """A cheap address that answers without a key, for `horizon sources check --online`; default: `url`."""
    hosts: tuple[Text, ...] = Field(min_length=1)
    """Hosts that a redirect may lead to."""
    link_hosts: tuple[Text, ...] = Field(min_length=1)
    """Hosts that an item's link may name."""
    keys: tuple[KeyName, ...] = ()
    """Names, without the prefix HORIZON_, of the environment variables that hold its credentials; none: keyless."""
    drop: bool = False
    """Whether it reads files that a person put into `drop/<id>` of the data folder; with such files no key is due."""
    weekly: bool = True
    """Whether the weekly scan reads it when its keys are there; others are crawled only when named."""
    trust: Literal["high", "medium", "low"]
    """A low one can never be the only ground of a statement."""
    clock: Text
    """What `published` means here, for people."""
    rank: Annotated[int, Field(ge=1, le=99)] = 99
    """Of a work that several sources hold, the item of the lowest is shown, and a preprint counts only there."""
    counted: bool = True
    """Whether its items make series; others are kept, labelled and shown, but no share of them would mean anything."""
    denominator: Literal["self", "query"] = "self"
    """What a share divides by: all that the source published in the week, or a count that a query tells."""
    denominator_clock: Text | None = None
    """Of several counts of a week, the one by the day that `published` is."""
    utility_models: bool = False
    """Whether it holds utility models, which make series of their own."""
    ignore_fields: tuple[Text, ...] = ()
    """Fields of a record that are left out on purpose; any other left-over field fails a test."""
    earliest_day: date | None = None
    """The source refuses windows that begin earlier."""
    earliest_published: date
    """A first date before this is a mistake."""
    overlap_days: Annotated[int, Field(ge=0)]
    """A window begins so much earlier than the week, so that late changes are seen."""
    announced_after_days: Annotated[int, Field(ge=0)] = 0
    """What is submitted at a week's end appears so many days after it."""
    incomplete_weeks: Annotated[int, Field(ge=0)]
    """The newest weeks by first date are still filling up (moderation): not to be scored."""
    politeness: Politeness
    licence: Licence
    alarms: Alarms
    expected_fill: dict[str, Probability]
    """Share of items with this field that is normal; far below it the parser or feed has changed."""
    categories: tuple[str, ...] = ()
    """arXiv's categories, where records carry them; an unknown one is remarked upon."""
    options: Any = None
    """What only its dialect needs: an instance of the model `Options` of the dialect's module."""

    @cached_property
    def known_categories(self) -> dict[str, Code]:
        return {symbol: Code(scheme="arxiv", symbol=symbol) for symbol in self.categories}

    @property
    def parser_module(self) -> ModuleType:
        """`scrapers/parsers/<parser>.py`."""
        return importlib.import_module(f"scrapers.parsers.{self.parser}")

    def parse_items(self, stream: BinaryIO) -> Iterator[Item | Issue]:
        """Items and issues of one raw answer or bulk file. Raises ParseError when it is none of this source's."""
        function = self.parser_module.parse_items
        # A parser of one feed knows its source; one of many feeds (RSS) or with settings of its own is told.
        told = (self,) if len(inspect.signature(function).parameters) > 1 else ()
        found: Iterator[Item | Issue] = function(stream, *told)
        return found

    def options_as(self, model: type[_Options]) -> _Options:
        """The options, for the dialect that declares them."""
        if not isinstance(self.options, model):
            raise SourceError(f"expected options of {model.__module__}; load it by load_source", source=self.id)
        return self.options

    def missing_keys(self, environ: Mapping[str, str], drop: Path | None = None) -> tuple[str, ...]:
        """Environment variables without which the source is disabled; none when its `drop` folder holds a file."""
        if self.has_dropped(drop):
            return ()
        return tuple(KEY_PREFIX + name for name in self.keys if not environ.get(KEY_PREFIX + name))

    def has_dropped(self, drop: Path | None) -> bool:
        """Whether a person has put a file into its folder: any, or in place of a key the publisher's own, a zip.

        A link is none: what lies outside the folder is not read.
        """
        if not self.drop or drop is None or not drop.is_dir():
            return False
        found = drop.rglob("*.zip" if self.keys else "*")
        return any(path.is_file() and not path.is_symlink() and not path.name.startswith(".") for path in found)

    def secrets(self, environ: Mapping[str, str], base_url: str) -> dict[str, str]:
        """Its credentials by name. A replay server is never told a real one."""
        if is_loopback(base_url):
            return dict.fromkeys(self.keys, "SIMULATED")
        return {name: environ[KEY_PREFIX + name] for name in self.keys if environ.get(KEY_PREFIX + name)}

    def at_replay(self, replay_url: str) -> str:
        """This source's base URL on a replay server."""
        return replay_url.rstrip("/") + self.replay_path

    def window(self, week: IsoWeek) -> tuple[date, date]:
        """First and last day to ask for (both included) so that as much of `week` is there as the source can show."""
        first = week.monday - timedelta(days=self.overlap_days)
        return max(first, self.earliest_day or first), week.sunday + timedelta(days=self.announced_after_days)

    def user_agent(self, contact: str | None) -> str:
        return self.politeness.user_agent.replace("{contact}", contact or "none given")


def is_loopback(url: str) -> bool:
    """Whether the URL is plain http to this machine: only there may waits be shortened."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def source_folders() -> tuple[Path, ...]:
    """The shipped folder, and the operator's own (HORIZON_SOURCES_DIR) if one is named.

    Raises UsageError when that is no folder or holds a file that would be passed over for its name.
    """
    own = Settings().sources_dir
    if own is None:
        return (_FOLDER,)
    if not own.is_dir():
        raise UsageError(f"expected a folder of source files in HORIZON_SOURCES_DIR, found none at {own}; mend it")
    odd = sorted(
        path.name for path in own.iterdir() if path.suffix.lower() in (".yaml", ".yml") and path.suffix != ".yml"
    )
    if odd:
        raise UsageError(f"expected names that end in .yml in {own}, found {', '.join(odd)}; rename them")
    return _FOLDER, own


def list_sources(folder: Path | None = None) -> list[str]:
    """Identifiers of all sources, sorted."""
    folders = source_folders() if folder is None else (folder,)
    return sorted({path.stem for place in folders for path in place.glob("*.yml")})


def load_source(source_id: str, folder: Path | None = None) -> Source:
    """Read `sources/<id>.yml`. Raises UsageError for an unknown id, SourceError naming the file for a wrong one."""
    known = list_sources(folder)
    if source_id not in known:
        raise UsageError(f"no source {source_id!r}; known are: {', '.join(known) or 'none'}")
    places = [place / f"{source_id}.yml" for place in (source_folders() if folder is None else (folder,))]
    path, *others = [place for place in places if place.is_file()]
    if others:
        message = f"{path.name} stands among the shipped sources and in {others[0].parent}; give yours another id"
        raise SourceError(message, source=source_id)
    try:
        stamp = path.stat()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error}", source=source_id) from None
    return _read_source(source_id, path, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=512)  # a brief asks for every source some ten times, and YAML is slow
def _read_source(source_id: str, path: Path, _stamp: tuple[int, int]) -> Source:
    try:
        text = path.read_text(encoding="utf-8")
        for line, key in repeated_keys(yaml.compose(text, yaml.SafeLoader)):
            # YAML itself forbids it, and the reader would silently take the last.
            raise SourceError(f"{path.name}:{line}: the key {key!r} stands twice; remove one", source=source_id)
        source = Source.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise SourceError(f"{path.name} is not YAML: {' '.join(str(error).split())}", source=source_id) from None
    except ValidationError as error:
        raise SourceError(f"{path.name} is wrong: {_first_faults(error)}", source=source_id) from None
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{path.name} cannot be read: {error}", source=source_id) from None
    if source.id != source_id:
        raise SourceError(f"{path.name} says id {source.id!r}; the file's name and the id must agree", source=source_id)
    return _with_options(source, path.name)


def source_order(folder: Path | None = None) -> tuple[str, ...]:
    """Identifiers of all sources, the one to be preferred first."""
    return tuple(sorted(list_sources(folder), key=lambda name: (load_source(name, folder).rank, name)))


def dialect_module(source: Source) -> ModuleType:
    """`scrapers/dialects/<dialect>.py`; its `DIALECT` walks, its `Options` shapes the source's options."""
    try:
        return importlib.import_module(f"scrapers.dialects.{source.dialect}")
    except ModuleNotFoundError as error:
        if error.name != f"scrapers.dialects.{source.dialect}":
            raise
        raise SourceError(
            f"no dialect {source.dialect!r}; expected scrapers/dialects/{source.dialect}.py", source=source.id
        ) from None


def check_modules(source: Source) -> None:
    """Raise SourceError unless the source's parser and dialect are there and have what is asked of them."""
    try:
        parser = source.parser_module
    except ModuleNotFoundError:
        expected = f"scrapers/parsers/{source.parser}.py"
        raise SourceError(f"no parser {source.parser!r}; expected {expected}", source=source.id) from None
    for module, name in ((parser, "parse_items"), (dialect_module(source), "DIALECT")):
        if not hasattr(module, name):
            raise SourceError(f"{module.__name__} lacks {name}", source=source.id)


def _with_options(source: Source, file: str) -> Source:
    model = getattr(dialect_module(source), "Options", None)
    if model is None:
        if source.options:
            raise SourceError(f"{file} is wrong: the dialect {source.dialect} takes no options", source=source.id)
        return source
    try:
        options = model.model_validate(source.options or {})
    except ValidationError as error:
        raise SourceError(f"{file} is wrong: {_first_faults(error, 'options.')}", source=source.id) from None
    return source.model_copy(update={"options": options})


def _first_faults(error: ValidationError, prefix: str = "") -> str:
    faults = [f"{prefix}{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()[:3]]
    return "; ".join(faults)
