"""How many records a source says it has of each whole week, whatever their subject: `denominators.json` of a crawl."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from horizon.errors import SourceError
from horizon.records import SourceId, Week
from horizon.weeks import IsoWeek
from scrapers.pages import write_atomic
from scrapers.source import Source

_FILE = "denominators.json"


class Count(BaseModel):
    """One week by one of the source's clocks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: Week
    clock: str
    hits: int | None = Field(ge=0)
    """None: the source told no number that can be believed."""
    versions: int | None = None
    query: str | None = None


class Counts(BaseModel):
    """What one crawl was told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: SourceId
    counts: tuple[Count, ...]


def write_denominators(folder: Path, source: str, counts: Sequence[Count]) -> None:
    """The same counts give the same bytes."""
    told = Counts(source=source, counts=tuple(counts)).model_dump(mode="json", exclude_unset=True)
    write_atomic(folder / _FILE, json.dumps(told, sort_keys=True, indent=1).encode())


def read_denominators(folder: Path, source: Source) -> dict[IsoWeek, int]:
    """Totals by week, by the clock that the source's items are dated by; none where no number was told.

    Raises SourceError for a file that is damaged: delete it and crawl again.
    """
    path = folder / _FILE
    if not path.exists():
        return {}
    try:
        told = Counts.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        kind = type(error).__name__
        raise SourceError(f"{path} is damaged ({kind}); delete the folder and crawl again", source=source.id) from None
    clock = source.denominator_clock
    return {count.week: count.hits for count in told.counts if count.hits is not None and clock in (None, count.clock)}
