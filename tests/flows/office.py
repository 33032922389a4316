"""An office that gets briefs: what a delivery needs, and what it was told."""

import email
import email.policy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import yaml

from flows.delivery import Handover, Outside, deliver_week
from flows.delivery_targets import PASSWORD, USER
from flows.workspace import Workspace
from horizon.weeks import IsoWeek
from tests.flows.doubles import MailServer

WEEK = IsoWeek(2026, 46)
NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
LOGIN = {USER: "horizon-user", PASSWORD: "pass-w0rd-very-secret"}
HOOK = "HORIZON_WEBHOOK_OFFICE"


@dataclass
class Office:
    """An installation with one published brief, and a world outside that does not wait."""

    work: Workspace
    file: Path
    environ: dict[str, str] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)

    def deliver(self, *targets: dict[str, Any], **how: Any) -> list[Handover]:
        self.file.write_text(yaml.safe_dump({"targets": list(targets)}), encoding="utf-8")
        outside = Outside(self.environ, self.slept.append, lambda: NOW)
        return deliver_week(self.work, WEEK, outside, **how)

    @property
    def log(self) -> Path:
        return self.work.settings.data_dir / "deliveries.jsonl"


def mail(server: MailServer, **change: Any) -> dict[str, Any]:
    plain = {"id": "committee", "kind": "mail", "host": "127.0.0.1", "port": server.port, "security": "none"}
    people = {"sender": "Horizon <horizon@example.org>", "to": ["chair@example.org", "deputy@example.org"]}
    return {**plain, **people, "attach": [], **change}


def hook(**change: Any) -> dict[str, Any]:
    return {"id": "office", "kind": "webhook", "template": "wecom", "url_env": HOOK, **change}


def statuses(done: list[Handover]) -> list[tuple[str, str]]:
    return [(each.receiver, each.status) for each in done]


def message(data: bytes) -> EmailMessage:
    found = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found
