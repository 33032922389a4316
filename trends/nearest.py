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
    """Of one vector."""

    area: str | None
    """The nearest, however far; None without a vector or an area."""
    near: bool
    """Whether it lies as close as 95 % of the area's own items."""
    cosine: float
    sector: str | None
    """The near area's, else that of the nearest field; None for basic science and without a vector."""


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
        mine = mine[_known(mine)]
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
    near: npt.NDArray[np.bool_] = np.any(rows @ centroids.units.T >= centroids.floors, axis=1)
    return ~near & _known(rows)


def _known(rows: Vectors) -> npt.NDArray[np.bool_]:
    known: npt.NDArray[np.bool_] = np.any(rows != 0, axis=1)
    return known


def nearest(vectors: Vectors, areas: Centroids, sector_of_area: Mapping[str, str], sectors: "Sectors") -> list[Nearest]:
    """Of every row the nearest area and its sector; far from every area, the sector of the nearest field."""
    rows = unit(vectors)
    known, by_field = _known(rows), sectors.nearest(rows)
    if not areas.names:
        return [Nearest(None, False, 0.0, sector) for sector in by_field]
    cosines = (rows @ areas.units.T).astype(np.float64)
    found = []
    for row, column in enumerate(cosines.argmax(axis=1)):
        cosine = float(cosines[row, column])
        near = bool(known[row]) and cosine >= areas.floors[column]
        area = areas.names[column] if known[row] else None
        sector = sector_of_area.get(areas.names[column]) if near else by_field[row]
        found.append(Nearest(area, near, cosine, sector))
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
