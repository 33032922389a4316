"""The step of a scan that looks outside the taxonomy: terms that grow, and items of no consensus."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from horizon.records import Item, NonConsensus, Run, Signal
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from trends.novelty import AreaItems, PairCounts
    from trends.terms import Paper, WeekTerms

log = logging.getLogger(__name__)

KINDS = ("preprint", "article")
"""Kinds of source in which terms are looked for; the language of patents is another one."""
TERM_WEEKS = 208
"""Recent weeks, those before them, and those that tell whether a term was flagged half a year ago."""


def find_signals(work: Workspace, run: Run, sources: Sequence[str]) -> int:
    """Signals and items of no consensus of the run's week in each counted source of papers; the rows added.

    A week that the source could not be read is not looked at: it keeps no list, which is not the same as an empty one.
    """
    from scrapers.source import load_source

    added = 0
    for source in sources:
        given = load_source(source)
        if not given.counted or given.kind not in KINDS or given.trust == "low":
            continue
        if work.store.week_status(source, run.week, run.started) not in ("OK", "NO_RESULTS", "PARTIAL"):
            continue
        signals = _signals(work, run, source)
        added += work.store.add_signals(run.run_id, run.started, run.week, source, "term", signals)
        odd = _non_consensus(work, run, source)
        added += work.store.add_non_consensus(run.run_id, run.started, run.week, source, odd)
        log.info("%s %s: %d signals, %d items of no consensus", source, run.week, len(signals), len(odd))
    return added


def _signals(work: Workspace, run: Run, source: str) -> Sequence[Signal]:
    from flows.places import Placer
    from trends.signals.detect import detect
    from trends.signals.index import build_index
    from trends.signals.lexicon import lexicon_terms
    from trends.signals.ranking import shipped_model
    from trends.terms import week_number

    blocks = list(term_blocks(work, run, source))
    if not blocks:
        return ()
    placer = Placer(work.taxonomy, work.classifier.model.labelled)

    def place(term: str, ids: tuple[str, ...]) -> tuple[str | None, str | None]:
        return placer.place(term, [_text(item) for item in work.store.items(ids, run.started).values()])

    found = detect(
        build_index(blocks),
        week_number(run.week.monday),
        source,
        lexicon=lexicon_terms(work.taxonomy),
        model=shipped_model(),
        place=place,
    )
    return found.signals


def term_blocks(work: Workspace, run: Run, source: str) -> Iterator["WeekTerms"]:
    """The terms of each week that a scan needs."""
    from trends.terms import VERSION, extract_week, from_bytes, to_bytes

    def made(items: Sequence[Item]) -> bytes:
        return to_bytes(extract_week([paper_of(item) for item in items]))

    first = run.week + (1 - TERM_WEEKS)
    for payload in _weekly(work, run, source, first, run.week, f"terms-{VERSION}", made):
        yield from_bytes(payload)


def _weekly(
    work: Workspace,
    run: Run,
    source: str,
    first: IsoWeek,
    last: IsoWeek,
    fingerprint: str,
    make: Callable[[Sequence[Item]], bytes],
) -> Iterator[bytes]:
    """What `make` makes of each week with items, kept in the store: only weeks whose texts changed are read again."""
    from store.signals import TermWeek

    digests = work.store.week_digests(source, first, last, run.started)
    kept = work.store.term_weeks(source, fingerprint, first, last)
    for week, digest in sorted(digests.items()):
        if week in kept and kept[week].content_sha256 == digest:
            yield kept[week].payload
            continue
        payload = make(list(work.store.items_published(week, source=source, as_of=run.started)))
        work.store.put_term_weeks(source, fingerprint, {week: TermWeek(digest, payload)})
        yield payload


def paper_of(item: Item) -> "Paper":
    from trends.terms import Paper

    codes = tuple(code.symbol for code in item.codes)
    return Paper(item.id, item.published, item.title, item.abstract or "", item.authors, codes)


def _text(item: Item) -> str:
    return f"{item.title}. {item.abstract or ''}"


def _non_consensus(work: Workspace, run: Run, source: str) -> list[NonConsensus]:
    from trends.novelty import HISTORY_WEEKS, non_consensus, rare_combinations, without_predecessors

    isolated, rare = [], []
    since = run.week + -HISTORY_WEEKS
    before = _pairs(work, run, source)
    for area in work.taxonomy.areas:
        found = work.store.items_with_probability(
            area.id, run.taxonomy, run.model, since=since, until=run.week, source=source, as_of=run.started
        )
        if not any(IsoWeek.of(item.published) == run.week for item, _ in found):
            continue
        items, fields = _area_items(area.id, found)
        isolated.append(without_predecessors(items, run.week))
        rare.append(rare_combinations(items, fields, before, run.week))
    return non_consensus(isolated, rare)


def _pairs(work: Workspace, run: Run, source: str) -> "PairCounts":
    """Pairs of fields in the source's items of the weeks before."""
    from trends.novelty import PREDECESSOR_WEEKS, count_pairs, fields_of, pair_counts

    def made(items: Sequence[Item]) -> bytes:
        pairs = count_pairs(fields_of(item.codes) for item in items).pairs
        return json.dumps([[*pair, count] for pair, count in sorted(pairs.items())]).encode()

    total: Counter[tuple[str, str]] = Counter()
    first, last = run.week + -PREDECESSOR_WEEKS, run.week + -1
    for payload in _weekly(work, run, source, first, last, "fields-1", made):
        for one, other, count in json.loads(payload):
            total[one, other] += count
    return pair_counts(total)


def _area_items(area: str, found: Sequence[tuple[Item, float]]) -> tuple["AreaItems", dict[str, tuple[str, ...]]]:
    import numpy as np

    from flows.places import encode
    from trends.novelty import AreaItems, fields_of, is_readable

    items = AreaItems(
        area,
        tuple(item.id for item, _ in found),
        np.array([item.published.toordinal() for item, _ in found], dtype=np.int64),
        encode([_text(item) for item, _ in found]),
        np.array([probability for _, probability in found]),
        np.array([is_readable(item) for item, _ in found]),
    )
    return items, {item.id: fields_of(item.codes) for item, _ in found}
