"""Delivery of a week's brief: verified first, to each receiver once, tried again with patience, written down.

What was handed over stands in `deliveries.jsonl` of the data folder, by the brief's digest, target and receiver: a
second run sends nothing, a run killed in between goes on with those who have not got it. A run killed between the
server's yes and the log's line sends that one again; its message id is then the same.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from pydantic import ValidationError

from flows.briefs import folder_of, verify_file
from flows.delivery_targets import FolderTarget, MailTarget, WebhookTarget, read_targets
from flows.senders import Refusals, fill_folder, post_notice, send_mail
from flows.workspace import Workspace
from horizon.errors import DeliveryError, ParseError, RenderError, StoreError, UsageError
from horizon.records import Record, UtcDatetime
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from email.message import EmailMessage

    from reports.facts import Brief
    from reports.inputs import Edition
    from reports.language import LanguageCode
    from reports.write import Format

Target = MailTarget | FolderTarget | WebhookTarget
_LOG = logging.getLogger(__name__)


class Handover(Record):
    """One line of the log: what became of one brief for one receiver."""

    at: UtcDatetime
    week: str
    digest: str
    target: str
    kind: Literal["mail", "folder", "webhook"]
    receiver: str
    """An address, a folder, or the name of the variable that holds a robot's address."""
    status: Literal["sent", "failed", "already", "skipped", "written"]
    """`already`, `skipped` and `written` (by a dry run) are told and not logged."""
    attempts: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class Outside:
    """The world outside, which tests replace."""

    environ: Mapping[str, str]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class Issue:
    """A verified brief and its digest; renders each file once."""

    brief: "Brief"
    digest: str
    font_dir: Path | None
    rendered: dict[str, bytes]

    @property
    def week(self) -> str:
        return str(self.brief.header.week)

    @property
    def edition(self) -> "Edition":
        from reports.inputs import Edition

        return Edition(self.brief.header.kind, self.brief.header.area)

    @property
    def name(self) -> str:
        """Of its folder and its attachments: 2026-W46, 2026-W46-quarterly, 2026-W46-group-quantum."""
        return self.edition.folder(self.brief.header.week)

    def file(self, name: str) -> bytes:
        """The bytes of `brief.json` or `brief.<language>.<format>`, made from the verified facts themselves."""
        from reports.render_json import render_json
        from reports.write import render_one

        if name not in self.rendered:
            _, *rest = name.split(".")
            if rest == ["json"]:
                self.rendered[name] = render_json(self.brief)
            else:
                code, format_ = _typed(*rest)
                self.rendered[name] = render_one(self.brief, code, format_, self.font_dir)
        return self.rendered[name]


def _typed(code: str, format_: str) -> "tuple[LanguageCode, Format]":
    from reports.language import LANGUAGES
    from reports.write import FORMATS

    return next(each for each in LANGUAGES if each == code), next(each for each in FORMATS if each == format_)


def deliver_week(
    work: Workspace,
    week: IsoWeek,
    outside: Outside,
    dry_run: Path | None = None,
    again: bool = False,
    edition: "Edition | None" = None,
) -> list[Handover]:
    """Hand a brief of a week over to every target; a target that fails does not stop the others.

    It is the weekly where no edition is named.

    With `dry_run` everything is made and written there, and nothing is sent or logged. With `again` also those get it
    who have it. Raises UsageError without a delivery file or brief, and RenderError for a brief that does not hold.
    """
    targets = read_targets(work.settings.delivery_file)
    issue = open_issue(work, week, edition)
    if dry_run is not None:
        return [each for target in targets for each in _write_dry(issue, target, dry_run, outside)]
    log = work.settings.data_dir / "deliveries.jsonl"
    had = set() if again else {(each.digest, each.target, each.receiver) for each in read_log(log) if _is_sent(each)}
    done: list[Handover] = []
    for target in targets:
        for each in _deliver(issue, target, had, outside):
            done.append(each)
            if each.status in ("sent", "failed"):
                _append(log, each)
                _LOG.log(logging.INFO if _is_sent(each) else logging.ERROR, "%s", told(each))
    return done


def open_issue(work: Workspace, week: IsoWeek, edition: "Edition | None" = None) -> Issue:
    """The published brief of a week, every number of it recomputed before anybody gets it."""
    from reports.facts import Brief
    from reports.inputs import WEEKLY

    path = folder_of(work, week, edition or WEEKLY) / "brief.json"
    if not path.is_file():
        raise UsageError(f"expected the brief of {week}, found no {path}; run `horizon brief --week {week}` first")
    faults = verify_file(work, path)
    if faults:
        raise RenderError(f"expected a brief that holds, found {len(faults)} mismatches in {path}, first: {faults[0]}")
    data = path.read_bytes()
    return Issue(Brief.model_validate_json(data), hashlib.sha256(data).hexdigest(), work.settings.font_dir, {})


def told(handover: Handover) -> str:
    """A hand-over in a line."""
    times = f" after {handover.attempts} attempts" if handover.attempts > 1 else ""
    why = f": {handover.reason}" if handover.reason else ""
    return f"{handover.week} {handover.target} {handover.receiver}: {handover.status}{times}{why}"


def _is_sent(handover: Handover) -> bool:
    return handover.status == "sent"


# ---- one target ------------------------------------------------------------------------------------------------------


def _receivers(target: Target) -> tuple[str, ...]:
    match target:
        case MailTarget(to=to):
            return to
        case FolderTarget(folder=folder):
            return (str(folder),)
        case WebhookTarget(url_env=name):
            return (name,)
        case _:
            assert_never(target)


def _unwanted(issue: Issue, target: Target) -> str | None:
    """Why a target does not get this issue."""
    if issue.brief.header.world not in target.worlds:
        return f"a brief of the {issue.brief.header.world} world; see `worlds`"
    if issue.edition.name not in target.editions:
        return f"an edition {issue.edition.name}; see `editions`"
    return None


def _deliver(issue: Issue, target: Target, had: set[tuple[str, str, str]], outside: Outside) -> Iterator[Handover]:
    make = partial(_handover, issue, target, outside)
    receivers = _receivers(target)
    unwanted = _unwanted(issue, target)
    if unwanted is not None:
        for name in receivers:
            yield make(name, "skipped", reason=unwanted)
        return
    waiting = [name for name in receivers if (issue.digest, target.id, name) not in had]
    for name in receivers:
        if name not in waiting:
            yield make(name, "already")
    if not waiting:
        return
    try:
        send = _sender(issue, target, outside)
    except (UsageError, RenderError) as error:
        yield from (make(name, "failed", reason=str(error)) for name in waiting)
        return
    yield from _attempts(send, waiting, target, make, outside.sleep)


def _attempts(
    send: Callable[[Sequence[str]], Refusals],
    waiting: list[str],
    target: Target,
    make: Callable[..., Handover],
    sleep: Callable[[float], None],
) -> Iterator[Handover]:
    """Try, and try again after each delay for those for whom it may help."""
    for attempt, delay in enumerate((*target.retry_delays_s, None), 1):
        try:
            refused = send(waiting)
        except DeliveryError as error:
            refused = dict.fromkeys(waiting, error)
        except UsageError as error:
            refused = dict.fromkeys(waiting, DeliveryError(str(error), may_pass=False))
        later = [name for name in waiting if name in refused and refused[name].may_pass and delay is not None]
        for name in waiting:
            if name not in refused:
                yield make(name, "sent", attempts=attempt)
            elif name not in later:
                yield make(name, "failed", attempts=attempt, reason=str(refused[name]))
        waiting = later
        if not waiting or delay is None:
            return
        _LOG.warning("%s: %s; again in %g s", target.id, refused[waiting[0]], delay)
        sleep(delay)


def _sender(issue: Issue, target: Target, outside: Outside) -> Callable[[Sequence[str]], Refusals]:
    """What hands the issue over to the receivers given; all is rendered before the first attempt."""
    if isinstance(target, MailTarget):
        message = _mail(issue, target, outside)
        return lambda to: send_mail(target, message, to, outside.environ)
    if isinstance(target, FolderTarget):
        files = _files(issue, target)

        def fill(_: Sequence[str]) -> Refusals:
            fill_folder(target, issue.name, files)
            return {}

        return fill
    body = _notice(issue, target)

    def post(_: Sequence[str]) -> Refusals:
        post_notice(target, body, outside.environ, outside.clock())
        return {}

    return post


def _mail(issue: Issue, target: MailTarget, outside: Outside) -> "EmailMessage":
    from reports.messages import Attachment, compose_mail

    names = ["brief.json" if each == "json" else f"brief.{target.language}.{each}" for each in target.attach]
    attachments = [Attachment(f"horizon-{issue.name}{name.removeprefix('brief')}", issue.file(name)) for name in names]
    sent = outside.clock().replace(microsecond=0)
    link = _link(issue, target.link)
    return compose_mail(issue.brief, target.language, issue.digest, target.sender, target.to, sent, attachments, link)


def _notice(issue: Issue, target: WebhookTarget) -> object:
    from reports.messages import compose_notice

    notice: object = compose_notice(
        issue.brief, target.language, target.template, issue.digest, _link(issue, target.link)
    )
    return notice


def _link(issue: Issue, form: str | None) -> str | None:
    return None if form is None else form.replace("{week}", issue.week)


def _files(issue: Issue, target: FolderTarget) -> dict[str, bytes]:
    names = [f"brief.{code}.{each}" for code in target.languages for each in target.formats if each != "json"]
    return {name: issue.file(name) for name in (*names, *(["brief.json"] if "json" in target.formats else []))}


def _write_dry(issue: Issue, target: Target, folder: Path, outside: Outside) -> Iterator[Handover]:
    """What would be sent, as files: `<target>.eml`, `<target>.json`, or a folder of the target's name."""
    from reports.render_json import canonical
    from reports.write import replace_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        match target:
            case MailTarget():
                place = replace_file(folder / f"{target.id}.eml", _mail(issue, target, outside).as_bytes())
            case FolderTarget():
                inside = target.model_copy(update={"folder": folder / target.id})
                place = fill_folder(inside, issue.name, _files(issue, target))
            case WebhookTarget():
                place = replace_file(folder / f"{target.id}.json", canonical(_notice(issue, target)))
            case _:
                assert_never(target)
    except OSError as error:
        raise StoreError(f"expected to write into {folder}, found: {error.strerror}; name another folder") from None
    for name in _receivers(target):
        yield _handover(issue, target, outside, name, "written", reason=str(place))


def _handover(
    issue: Issue,
    target: Target,
    outside: Outside,
    receiver: str,
    status: Literal["sent", "failed", "already", "skipped", "written"],
    attempts: int = 0,
    reason: str | None = None,
) -> Handover:
    return Handover(
        at=outside.clock().replace(microsecond=0),
        week=issue.week,
        digest=issue.digest,
        target=target.id,
        kind=target.kind,
        receiver=receiver,
        status=status,
        attempts=attempts,
        reason=reason,
    )


# ---- the log ---------------------------------------------------------------------------------------------------------


def read_log(path: Path) -> list[Handover]:
    """Every line of the log; a last one that a killed run left unfinished counts as not written."""
    try:
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        return [Handover.model_validate_json(line) for line in lines[:-1] if line.strip()]
    except OSError as error:
        raise StoreError(f"expected a log of deliveries at {path}, found: {error.strerror}; mend its rights") from None
    except ValidationError:
        message = f"expected a hand-over in each line of {path}, found another one; put back a copy of the file"
        raise ParseError(message) from None


def _append(path: Path, handover: Handover) -> None:
    """On the disk before anything else is sent."""
    line = json.dumps(handover.model_dump(mode="json"), ensure_ascii=False, sort_keys=True).encode() + b"\n"
    try:
        with path.open("ab+") as file:
            file.seek(0, os.SEEK_END)
            if end := file.tell():
                file.seek(end - 1)
                # What a killed run left unfinished is cut off from what follows.
                if file.read(1) != b"\n":
                    whole = path.read_bytes().rfind(b"\n") + 1
                    file.truncate(whole)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"expected to write into {path}, found: {error.strerror}; make room or mend rights") from None
