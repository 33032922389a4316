"""To whom briefs go: `delivery.yml`, which the operator keeps outside the tree. Secrets stay in the environment.

targets:
  - {id: committee, kind: mail, host: smtp.example.org, port: 587, security: starttls,
     sender: "Horizon <horizon@example.org>", to: [chair@example.org], language: zh, attach: [pdf]}
  - {id: share, kind: folder, folder: /srv/share/horizon, formats: [json, html, pdf, docx, xlsx]}
  - {id: office, kind: webhook, template: wecom, url_env: HORIZON_WEBHOOK_OFFICE, language: zh}
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from flows.workspace import World
from horizon.errors import UsageError
from horizon.records import Record

Language = Literal["zh", "en"]
Format = Literal["json", "md", "html", "pdf", "docx", "xlsx"]
USER, PASSWORD = "HORIZON_SMTP_USER", "HORIZON_SMTP_PASSWORD"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+")


class _Target(Record):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    worlds: tuple[World, ...] = ("live",)
    """An invented or replayed brief goes only where this says so."""
    editions: tuple[Annotated[str, Field(pattern=r"^(weekly|quarterly|group-[a-z0-9_]+)$")], ...] = (
        "weekly", "quarterly",
    )  # fmt: skip
    """Those that it gets of all that are handed over; `group-quantum` is the one of that expert group."""
    retry_delays_s: tuple[float, ...] = (5.0, 30.0, 120.0)


class MailTarget(_Target):
    """A mail server of one's own, and those who get the brief; they see one another."""

    kind: Literal["mail"]
    host: str
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    """Certificates of an office's own authority instead of the system's."""
    sender: str
    to: tuple[str, ...] = Field(min_length=1)
    language: Language = "zh"
    attach: tuple[Format, ...] = ("pdf",)
    link: str | None = None
    """Address of the published brief; `{week}` stands for the week."""

    @field_validator("to")
    @classmethod
    def _addresses(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ADDRESS.fullmatch(each) for each in to):
            raise ValueError("expected addresses such as name@example.org")
        return tuple(dict.fromkeys(to))


class FolderTarget(_Target):
    """A folder, such as a share: the files of an issue in `<folder>/<week>`."""

    kind: Literal["folder"]
    folder: Path
    languages: tuple[Language, ...] = ("zh", "en")
    formats: tuple[Format, ...] = ("json", "html", "pdf", "docx", "md", "xlsx")


class WebhookTarget(_Target):
    """A robot of a chat; its address holds a secret and therefore stands in the environment."""

    kind: Literal["webhook"]
    template: str = Field(pattern=r"^[a-z0-9_]+$")
    url_env: str = Field(pattern=r"^HORIZON_[A-Z0-9_]+$")
    secret_env: str | None = Field(None, pattern=r"^HORIZON_[A-Z0-9_]+$")
    """The key of a robot that wants signatures."""
    language: Language = "zh"
    link: str | None = None


Target = Annotated[MailTarget | FolderTarget | WebhookTarget, Field(discriminator="kind")]


class Delivery(Record):
    """The whole file."""

    targets: tuple[Target, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> "Delivery":
        ids = [target.id for target in self.targets]
        if len(ids) != len(set(ids)):
            raise ValueError("expected each id once")
        return self


def read_targets(file: Path | None) -> tuple[MailTarget | FolderTarget | WebhookTarget, ...]:
    """The targets of a delivery file; raises UsageError where there is none or it cannot be used."""
    if file is None:
        raise UsageError("nothing is sent unless configured: name a delivery.yml in HORIZON_DELIVERY_FILE")
    try:
        plain: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return Delivery.model_validate(plain).targets
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"expected a YAML file of targets, found: {error}; mend HORIZON_DELIVERY_FILE") from None
    except ValidationError as error:
        # Not the value itself: somebody may have written a password where it does not belong.
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "targets"
        raise UsageError(f"{file}: {place}: {first['msg']}; mend it") from None


def secret(environ: Mapping[str, str], name: str, target: str) -> str:
    """A secret of the environment; raises UsageError naming the variable, never its content."""
    if not environ.get(name):
        raise UsageError(f"expected {name} in the environment for the target {target!r}, found nothing; set it")
    return environ[name]


def without_secrets(text: str, environ: Mapping[str, str]) -> str:
    """A message of a machine without anything that the environment keeps, in one line and not too long."""
    for value in sorted((value for value in environ.values() if len(value) > 3), key=len, reverse=True):
        text = text.replace(value, "***")
    return " ".join(text.split())[:300]
