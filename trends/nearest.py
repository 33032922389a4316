"""What a document or a cluster is nearest to: an area of the taxonomy, and one of the policy's six sectors.

Vectors come from the caller, all of one encoder: a flow encodes the items, the words of `sectors.yml` and the labelled
items; here is only the geometry. A vector of zeros (nothing known of the text) is near to nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from horizon.errors import TaxonomyError, UsageError
from taxonomy.schema import Bilingual, Sector

Vectors = npt.NDArray[np.float32]
SECTORS = Path(str(files("trends") / "sectors.yml"))
ELSEWHERE = "elsewhere"
FIELDS_HEARD = 3
"""A sector's nearness is the mean over this many of its nearest fields: one field alone may be near by one word."""
FLOOR_QUANTILE = 0.05


class SectorWords(BaseModel):
    """One sector of sectors.yml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Bilingual
    fields: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Centroids:
    """Named directions with the cosine from which something counts as near; rows belong together."""

    names: tuple[str, ...]
    units: Vectors
    """(name, width), each of length one."""
    floors: npt.NDArray[np.float64]
    """By name: below it lie 5 % of the items that the centroid was made of."""


@dataclass(frozen=True)
class Nearest:
    """Of one vector; None where nothing is near enough."""

    area: str | None
    cosine: float
    """To the nearest area's centroid, near enough or not."""
    sector: str | None


@cache
def load_sectors(path: Path = SECTORS) -> Mapping[str, SectorWords]:
    """The sectors in the policy's order and `elsewhere`; raises TaxonomyError for a file that is not so."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        sectors = TypeAdapter(dict[str, SectorWords]).validate_python(loaded)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise TaxonomyError(f"expected sectors with a name and fields, found: {error}; mend it", file=path) from None
    if list(sectors) != [*get_args(Sector), ELSEWHERE]:
        expected = ", ".join((*get_args(Sector), ELSEWHERE))
        raise TaxonomyError(f"expected {expected} in this order, found {', '.join(sectors)}", file=path)
    return sectors


def sector_texts() -> tuple[tuple[str, str], ...]:
    """(sector, text) of every field: what a flow encodes to make `sectors` of `nearest`."""
    return tuple((sector, text) for sector, words in load_sectors().items() for text in words.fields)


def unit(vectors: Vectors) -> Vectors:
    """Each row at length one; rows of zeros, and rows that hold what is no number, become zeros."""
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.ndim != 2:
        raise UsageError(f"expected one vector a row, found an array of {rows.ndim} dimensions; reshape it")
    rows = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, np.float32(0))
    made: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return made


def centroids_of(vectors: Vectors, labels: Sequence[frozenset[str]]) -> Centroids:
    """Centroid and floor of every label from items that carry it, by name; labels without a vector are left out."""
    rows = unit(vectors)
    if len(rows) != len(labels):
        raise UsageError(f"expected labels for {len(rows)} vectors, found {len(labels)}; give one set an item")
    names, units, floors = [], [], []
    for name in sorted({each for some in labels for each in some}):
        mine = rows[[name in some for some in labels]]
        mine = mine[mine.any(axis=1)]
        centre = unit(mine.sum(axis=0, keepdims=True)) if len(mine) else np.zeros((1, rows.shape[1]), np.float32)
        if centre.any():
            names.append(name)
            units.append(centre[0])
            floors.append(float(np.quantile(mine @ centre[0], FLOOR_QUANTILE)))
    table = np.stack(units) if units else np.zeros((0, rows.shape[1]), dtype=np.float32)
    return Centroids(tuple(names), table, np.array(floors))


def is_far(vectors: Vectors, centroids: Centroids) -> npt.NDArray[np.bool_]:
    """Whether a row lies below the floor of every centroid; never for rows of zeros, of which nothing is known."""
    rows = unit(vectors)
    near = (rows @ centroids.units.T >= centroids.floors).any(axis=1)
    far: npt.NDArray[np.bool_] = ~near & rows.any(axis=1)
    return far


def nearest(vectors: Vectors, areas: Centroids, sector_of_area: Mapping[str, str], sectors: "Sectors") -> list[Nearest]:
    """Of every row the nearest area and its sector; far from every area, the sector of the nearest fields."""
    rows = unit(vectors)
    by_sector = sectors.nearest(rows)
    if not areas.names:
        return [Nearest(None, 0.0, sector) for sector in by_sector]
    cosines = (rows @ areas.units.T).astype(np.float64)
    best = cosines.argmax(axis=1)
    found = []
    for row, column in enumerate(best):
        close = cosines[row, column] >= areas.floors[column] and rows[row].any()
        name = areas.names[column] if close else None
        sector = sector_of_area.get(name) if name is not None else by_sector[row]
        found.append(Nearest(name, float(cosines[row, column]), sector))
    return found


@dataclass(frozen=True)
class Sectors:
    """The fields of `sector_texts`, as vectors."""

    names: tuple[str, ...]
    """Sector of every field."""
    units: Vectors

    @classmethod
    def of(cls, names: Sequence[str], vectors: Vectors) -> "Sectors":
        if len(names) != len(vectors):
            raise UsageError(f"expected a vector for each of {len(names)} fields, found {len(vectors)}")
        return cls(tuple(names), unit(vectors))

    def nearest(self, rows: Vectors) -> list[str | None]:
        """Sector of every unit row's nearest field; None for basic science, and where nothing is known of the text."""
        found = [self.names[column] for column in (rows @ self.units.T).argmax(axis=1)]
        return [None if name == ELSEWHERE or not row.any() else name for name, row in zip(found, rows, strict=True)]
