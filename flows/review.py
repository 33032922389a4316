"""The experts' part: the queue that they judge, as a workbook, and their verdicts, back into the store."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.records import Item, Label, Verdict
from horizon.weeks import IsoWeek
from reports.language import LanguageCode
from reports.review_sheet import (
    Answer,
    Occasion,
    Question,
    areas_of,
    choice_of,
    read_answers,
    review_sheets,
    text_sha256,
)
from store.items import content_sha256


class Queue(BaseModel):
    """What was asked of the experts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None
    """None when there was nothing to ask."""
    uncertain: int
    sampled: int
    """Rows drawn at random, those that are uncertain as well included."""


class Taken(BaseModel):
    """What became of the rows of a file that came back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    added: tuple[Verdict, ...]
    repeated: int
    """Verdicts that were known."""
    empty: int
    """Rows without a verdict."""
    problems: tuple[str, ...]
    """One line for each row that was not taken."""


# ---- export ----------------------------------------------------------------------------------------------------------


def export_queue(
    work: Workspace,
    weeks: Sequence[IsoWeek],
    now: datetime,
    *,
    area: str | None = None,
    sample: int = 0,
    code: LanguageCode = "zh",
    output: Path | None = None,
) -> Queue:
    """Write the uncertain labels of these weeks that nobody judged, and `sample` assigned ones an area, at random.

    Labels are those of the newest taxonomy and model that labelled these weeks; raises UsageError when none did.
    """
    if area is not None:
        work.taxonomy.area(area)
    stored = _newest_labels(work, weeks, now)
    labels = _one_a_work(work, [label for label in stored if area in (None, label.area)], now)
    questions = _questions(work, labels, sample, now)
    if not questions:
        return Queue(file=None, uncertain=0, sampled=0)
    occasion = Occasion(tuple(weeks), now, stored[0].taxonomy, stored[0].model, work.world)
    path = output or work.settings.data_dir / "review" / _name(weeks, area, code)
    _write(path, questions, occasion, work, code)
    uncertain = sum(question.label.uncertain for question in questions)
    return Queue(file=path, uncertain=uncertain, sampled=sum(question.sampled for question in questions))


def _newest_labels(work: Workspace, weeks: Sequence[IsoWeek], now: datetime) -> list[Label]:
    """A killed run of a new model may have labelled nothing yet; then those of the model before are asked about."""
    runs = [each.run for each in work.store.runs() if each.run.started <= now]
    for taxonomy, model in dict.fromkeys((run.taxonomy, run.model) for run in reversed(runs)):
        read = (work.store.labels(taxonomy, model, week=week, as_of=now, assigned_only=False) for week in weeks)
        labels = [label for found in read for label in found]
        if labels:
            return labels
    message = f"expected labels of {weeks[0]} to {weeks[-1]}, found none known at {now:%Y-%m-%d %H:%M} UTC"
    raise UsageError(f"{message}; run `horizon scan` for these weeks first, or name others")


def _one_a_work(work: Workspace, labels: Sequence[Label], now: datetime) -> list[Label]:
    """Of a work that several sources hold, the item that is shown first: nobody need read the same paper twice."""
    works = work.store.works({label.item_id for label in labels}, as_of=now)
    chosen: dict[tuple[str, str], Label] = {}
    for label in sorted(labels, key=lambda each: works[each.item_id].index(each.item_id)):
        chosen.setdefault((works[label.item_id][0], label.area), label)
    return sorted(chosen.values(), key=lambda label: (label.area, label.item_id))


def _questions(work: Workspace, labels: Sequence[Label], sample: int, now: datetime) -> list[Question]:
    """By area; the uncertain first, nearest to the area's threshold, then those drawn."""
    drawn = {(label.item_id, label.area) for label in _draw(labels, sample)}
    order = {area.id: place for place, area in enumerate(work.taxonomy.areas)}
    threshold = thresholds(labels)
    asked = [label for label in labels if label.uncertain or (label.item_id, label.area) in drawn]
    items = work.store.items({label.item_id for label in asked}, as_of=now)
    links = _links(work, items.values())
    known = work.store.verdicts(as_of=now)
    judged = {(each.item_id, each.area, each.content_sha256) for each in known}
    measured = {(each.item_id, each.area, each.content_sha256) for each in known if each.sampled}

    def rank(label: Label) -> tuple[int, str, bool, float, str]:
        distance = round(abs(label.probability - threshold[label.area]), 6) if label.uncertain else 0.0
        return order.get(label.area, len(order)), label.area, not label.uncertain, distance, label.item_id

    questions = []
    for label in sorted(asked, key=rank):
        item, sampled = items[label.item_id], (label.item_id, label.area) in drawn
        # A drawn one that was judged because it was uncertain is asked again: the draw must not lean to the sure ones.
        if (label.item_id, label.area, content_sha256(item)) not in (measured if sampled else judged):
            questions.append(Question(item, label, links[item.id], sampled))
    return questions


def _draw(labels: Iterable[Label], sample: int) -> list[Label]:
    """`sample` assigned labels an area, the same ones every time: a digest stands for a draw of lots."""
    by_area: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        if label.assigned:
            by_area[label.area].append(label)
    lots = {area: sorted(found, key=_lot)[:sample] for area, found in by_area.items()}
    return [label for found in lots.values() for label in found]


def _lot(label: Label) -> str:
    return hashlib.sha256(json.dumps([label.item_id, label.area]).encode()).hexdigest()


def thresholds(labels: Iterable[Label]) -> dict[str, float]:
    """By area, midway between the least probable assigned label and the most probable other: labels carry no more."""
    ends: dict[str, tuple[float, float]] = {}
    for label in labels:
        low, high = ends.get(label.area, (0.0, 1.0))
        p = label.probability
        ends[label.area] = (low, min(high, p)) if label.assigned else (max(low, p), high)
    return {area: (low + high) / 2 for area, (low, high) in ends.items()}


def _links(work: Workspace, items: Iterable[Item]) -> dict[str, str | None]:
    """By id; built as briefs build them."""
    from flows.briefs import profile_source
    from reports.policy import link_of

    items = list(items)
    hosts = {source: profile_source(source).link_hosts for source in {item.source for item in items}}
    return {item.id: link_of(item, hosts[item.source], work.world) for item in items}


def _name(weeks: Sequence[IsoWeek], area: str | None, code: LanguageCode) -> str:
    span = str(weeks[0]) if len(weeks) == 1 else f"{weeks[0]}-to-{weeks[-1]}"
    return ".".join([span, *([area] if area else []), code, "xlsx"])


def _write(path: Path, questions: Sequence[Question], occasion: Occasion, work: Workspace, code: LanguageCode) -> None:
    from reports.workbook import write_csv, write_xlsx

    sheets = review_sheets(questions, occasion, work.taxonomy, code)
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".csv"):
        raise UsageError(f"expected a file that ends in .xlsx or .csv, found {path.name!r}; name it so")
    data = write_csv(sheets[0]) if kind == ".csv" else write_xlsx(sheets, occasion.made, sheets[0].name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# ---- import ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Problem:
    row: int
    text: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.text}"


def import_verdicts(work: Workspace, path: Path, now: datetime, expert: str | None = None) -> Taken:
    """Store the verdicts of a workbook or CSV; `expert` stands where its column is blank.

    Rows that cannot be taken are told one by one and the others stored, in one transaction. The same file again adds
    nothing. Raises UsageError for a file that is no queue, and for a clock behind the verdicts stored.
    """
    known = work.store.verdicts()
    newest = max((verdict.given for verdict in known), default=now)
    if now < newest:
        message = f"the store holds verdicts of {newest:%Y-%m-%d %H:%M:%S} UTC; the clock says {now:%Y-%m-%d %H:%M:%S}"
        raise UsageError(f"{message}; the later verdict stands, so set the clock or use a later --as-of")
    answers = read_answers(path)
    filled = [answer for answer in answers if answer.verdict or answer.areas or answer.comment]
    items = work.store.items({answer.keys["item"] for answer in filled})
    read = [(answer, _verdict(answer, items, work, now, expert)) for answer in filled]
    agreed, contradictions = _agreed([(a.row, v) for a, v in read if isinstance(v, Verdict)])
    origin = hashlib.sha256(path.read_bytes()).hexdigest()
    added = work.store.add_verdicts(now, origin, agreed)
    superseded = _superseded(work, agreed, added)
    problems = [each for _, each in read if isinstance(each, _Problem)] + contradictions
    return Taken(
        added=tuple(added),
        repeated=len(agreed) - len(added),
        empty=len(answers) - len(filled),
        problems=(*map(str, sorted(problems, key=lambda each: each.row)), *superseded),
    )


def _verdict(
    answer: Answer, items: dict[str, Item], work: Workspace, now: datetime, expert: str | None
) -> Verdict | _Problem:
    choice, (areas, unknown) = choice_of(answer.verdict), areas_of(answer.areas, work.taxonomy)
    name = answer.expert or (expert or "").strip()
    item = items.get(answer.keys["item"])
    wrong = (
        _wrong_words(answer, choice, unknown, work)
        or _wrong_key(answer, item, work)
        or ("" if name else "expected a name in the column of experts, found none; fill it in or use --expert")
    )
    if wrong or item is None:
        return _Problem(answer.row, wrong)
    try:
        return Verdict.model_validate(
            {
                "item_id": item.id,
                "area": answer.keys["area"],
                "choice": choice,
                "areas": areas,
                "expert": name,
                "given": now,
                "comment": answer.comment,
                "taxonomy": answer.keys["taxonomy"],
                "model": answer.keys["model"],
                "content_sha256": content_sha256(item),
                "sampled": answer.keys["sampled"] == "1",
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return _Problem(answer.row, f"{'.'.join(map(str, first['loc'])) or 'verdict'}: {first['msg']}; mend the row")


def _wrong_words(answer: Answer, choice: str | None, unknown: Sequence[str], work: Workspace) -> str:
    if not answer.verdict:
        return "expected a verdict beside the comment or the areas, found none; choose one or empty the row"
    if choice is None:
        return f"expected accept, reject or relabel (接受, 驳回, 改标), found {answer.verdict[:40]!r}"
    if unknown:
        areas = ", ".join(area.id for area in work.taxonomy.areas)
        return f"expected areas by id or name, found {unknown[0][:60]!r}; known: {areas}"
    if answer.areas and choice != "relabel":
        return f"expected right areas only with relabel, found them with {choice}; choose relabel or empty them"
    return ""


def _wrong_key(answer: Answer, item: Item | None, work: Workspace) -> str:
    keys = answer.keys
    if not all(keys.values()) or (answer.shown_id is not None and answer.shown_id != keys["item"]):
        return "expected the hidden columns that belong to this row, found others; sort whole rows, or export anew"
    if keys["area"] not in {area.id for area in work.taxonomy.areas}:
        return f"expected an area of the taxonomy, found {keys['area'][:60]!r}; export the queue anew"
    if item is None:
        return f"expected an item of this store, found {keys['item'][:80]!r}; is it the right data folder?"
    if text_sha256(item) != keys["text"]:
        return f"the title or abstract of {item.id} has changed since the export; export the queue anew and look again"
    return ""


def _agreed(read: Sequence[tuple[int, Verdict]]) -> tuple[list[Verdict], list[_Problem]]:
    """Verdicts of one file; where one expert says two things of one item and area, neither is taken."""
    groups: dict[tuple[str, str, str], list[tuple[int, Verdict]]] = defaultdict(list)
    for row, verdict in read:
        groups[verdict.item_id, verdict.area, verdict.expert].append((row, verdict))
    agreed, problems = [], []
    for group in groups.values():
        if all(verdict == group[0][1] for _, verdict in group):
            agreed.append(group[0][1])
            continue
        rows = ", ".join(str(row) for row, _ in group)
        message = f"rows {rows} of one expert on {group[0][1].item_id} differ; keep one"
        problems += [_Problem(row, message) for row, _ in group]
    return agreed, problems


def _superseded(work: Workspace, agreed: Sequence[Verdict], added: Sequence[Verdict]) -> list[str]:
    """Verdicts of a file imported before that the same expert has revoked since: they stay revoked, and it is told."""
    last = {(each.item_id, each.area, each.expert): each for each in work.store.verdicts()}
    lines = []
    for verdict in agreed:
        stands = last[verdict.item_id, verdict.area, verdict.expert]
        if verdict not in added and (stands.choice, stands.areas) != (verdict.choice, verdict.areas):
            told = f"{stands.choice} of {stands.given:%Y-%m-%d %H:%M} UTC"
            place = f"{verdict.item_id} {verdict.area}: this file was imported before"
            lines.append(f"{place}, and {verdict.expert}'s later verdict ({told}) stands; export anew to change it")
    return lines
