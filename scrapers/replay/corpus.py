"""Real arXiv metadata from Parquet files, served as if live. The files stay outside the repository."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from horizon.errors import UsageError
from scrapers.replay.arxiv_categories import is_category
from scrapers.replay.world import (
    DAY_S,
    NEVER,
    Events,
    Ints,
    Paper,
    Version,
    World,
    announcement_times,
    draw,
    key_of,
    moderation_days,
)

_COLUMNS = ("arxiv_id", "title", "abstract", "authors", "categories", "created")
# A first version's day is known from these; `id_month` is a guess and `updated` is another day.
_USABLE_DATES = ("announced", "submitted")
_BATCH_ROWS = 32_768
_SECONDS, _MODERATION, _SPREAD, _SIZE = range(4)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CorpusWorld(World):
    """Recorded papers. Only first versions are known; the hour of a submission and its moderation come from its id."""

    def __init__(self, batches: Sequence[pa.RecordBatch], left_out: int) -> None:
        self.name = "corpus"
        self.notice = "real arXiv records, replayed"
        self.left_out = left_out
        """Rows within the dates that cannot be served: no categories, or no day of the first version."""
        # Batches stay apart: joining them would hold the texts twice for a moment.
        self._batches = tuple(batches)
        self._starts = np.cumsum([0, *(batch.num_rows for batch in batches)])
        ids = _column(batches, "arxiv_id")
        keys = np.fromiter(map(key_of, ids), np.uint64, len(ids))
        byte_ids = np.array([paper_id.encode() for paper_id in ids], dtype=np.bytes_)
        del ids
        days = np.concatenate([_day_numbers(batch.column("created")) for batch in batches])
        submitted = days * DAY_S + (draw(keys, _SECONDS) % np.uint64(DAY_S)).astype(np.int64)
        spread = (draw(keys, _SPREAD) >> np.uint64(1)).astype(np.int64)
        # A number is given at the announcement: its month cannot lie in the future of the day it was announced.
        numbered = np.fromiter(map(_month_start_s, byte_ids), np.int64, len(byte_ids))
        ready = np.maximum(submitted, numbered)
        modified = announcement_times(ready, moderation_days(draw(keys, _MODERATION)), spread)
        order = np.lexsort((byte_ids, modified))
        self._rows: Ints = order.astype(np.int64)
        self._submitted: Ints = submitted[order]
        self._size_kb: Ints = (draw(keys, _SIZE) % np.uint64(4000)).astype(np.int64)[order] + 5
        newest = np.full(len(order), NEVER, dtype=np.int64)
        index, strings = _categories(batches)
        self.events = Events(modified[order], newest, byte_ids[order], index[order], strings)
        self.without_abstract = sum(pc.sum(pc.equal(batch.column("abstract"), "")).as_py() for batch in batches)
        """Papers whose abstract the corpus leaves out: served without that element."""

    def describe(self, events: Sequence[int] | Ints) -> list[Paper]:
        wanted = np.asarray(events, dtype=np.int64)
        rows = self._rows[wanted]
        batch_of = np.searchsorted(self._starts, rows, side="right") - 1
        papers: list[Paper | None] = [None] * len(wanted)
        for number in np.unique(batch_of):
            places = np.flatnonzero(batch_of == number)
            taken = self._batches[number].take(pa.array(rows[places] - self._starts[number])).to_pylist()
            for place, row in zip(places, taken, strict=True):
                papers[place] = self._paper(int(wanted[place]), row)
        return [paper for paper in papers if paper is not None]

    def _paper(self, event: int, row: dict[str, str]) -> Paper:
        submitted = _EPOCH + timedelta(seconds=int(self._submitted[event]))
        return Paper(
            id=row["arxiv_id"],
            title=row["title"],
            abstract=row["abstract"] or None,
            authors=row["authors"],
            categories=self.events.category_strings[self.events.category_index[event]],
            versions=(Version(1, submitted, int(self._size_kb[event])),),
            announced=(_EPOCH + timedelta(seconds=int(self.events.modified[event]))).date(),
            submitter=row["authors"].split(",")[0].strip(),
        )


def load_corpus(folder: Path, since: date | None = None, until: date | None = None) -> CorpusWorld:
    """Read the papers first submitted from `since` to `until` (both ends included) from `arxiv_*.parquet`.

    Accepts the folder of those files or the one above it; raises UsageError when there are none, or none in the dates.
    """
    paths = sorted(folder.glob("arxiv_*.parquet")) or sorted((folder / "arxiv").glob("arxiv_*.parquet"))
    if not paths:
        raise UsageError(f"expected files arxiv_*.parquet, found none in {folder}; name the folder with --data")
    batches: list[pa.RecordBatch] = []
    left_out = 0
    for path in paths:
        for batch in _batches(path, since, until):
            usable = batch.filter(_usable(batch)).select(list(_COLUMNS))
            left_out += batch.num_rows - usable.num_rows
            batches.append(usable)
    if not any(batch.num_rows for batch in batches):
        raise UsageError(f"expected papers from {since} to {until}, found none in {folder}; choose other dates")
    return CorpusWorld(batches, left_out)


def _month_start_s(paper_id: bytes) -> int:
    """First second of the month in an id: 0704.0001, 1501.00001 or math/0701001; 0 where it tells none."""
    digits = paper_id.rpartition(b"/")[2][:4]
    if not digits.isdigit() or not 1 <= int(digits[2:]) <= 12:
        return 0
    year = int(digits[:2])
    return int(datetime(year + (1900 if year >= 91 else 2000), int(digits[2:]), 1, tzinfo=UTC).timestamp())


def _column(batches: Sequence[pa.RecordBatch], name: str) -> list[str]:
    return [value for batch in batches for value in batch.column(name).to_pylist()]


def _day_numbers(created: pa.Array) -> Ints:
    return np.asarray(created.cast(pa.date32()).cast(pa.int32()).to_numpy(), dtype=np.int64)


def _categories(batches: Sequence[pa.RecordBatch]) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Index into distinct category strings; words that are no category (old MSC and PACS codes) are dropped."""
    strings: dict[str, int] = {}
    parts = []
    for batch in batches:
        encoded = batch.column("categories").dictionary_encode()
        cleaned = [" ".join(c for c in text.split() if is_category(c)) for text in encoded.dictionary.to_pylist()]
        numbers = np.array([strings.setdefault(text, len(strings)) for text in cleaned], dtype=np.int32)
        parts.append(numbers[encoded.indices.to_numpy()])
    return np.concatenate(parts), tuple(strings)


def _batches(path: Path, since: date | None, until: date | None) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    extra = [name for name in ("date_kind", "categories_kind") if name in file.schema_arrow.names]
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[*_COLUMNS, *extra]):
        mask = _within(batch.column("created"), since, until)
        chosen = batch if mask is None else batch.filter(mask)
        if chosen.num_rows:
            yield chosen


def _within(created: pa.Array, since: date | None, until: date | None) -> pa.Array | None:
    mask = None
    if since is not None:
        mask = pc.greater_equal(created, since.isoformat())
    if until is not None:
        upper = pc.less_equal(created, until.isoformat())
        mask = upper if mask is None else pc.and_(mask, upper)
    return mask


def _usable(batch: pa.RecordBatch) -> npt.NDArray[np.bool_] | pa.Array:
    mask = pc.and_(pc.not_equal(batch.column("categories"), ""), pc.not_equal(batch.column("title"), ""))
    if "date_kind" in batch.schema.names:
        mask = pc.and_(mask, pc.is_in(batch.column("date_kind"), value_set=pa.array(_USABLE_DATES, pa.large_string())))
    return mask
