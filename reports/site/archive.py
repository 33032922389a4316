"""The issues of an archive folder: their documents, and the files that were published with them."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from horizon.errors import RenderError
from horizon.weeks import IsoWeek
from reports.facts import SCHEMA_VERSION, Brief

_SUFFIXES = (".html", ".pdf", ".docx", ".xlsx", ".md", ".json")


@dataclass(frozen=True)
class Issue:
    """One issue: its document where this version can read it, else its files alone."""

    slug: str
    """Its place in the archive with dashes, for example 2026-W47: the name of its page."""
    kind: str
    """Of its edition: weekly, quarterly, group-quantum."""
    week: IsoWeek
    world: str
    cut_off: datetime
    brief: Brief | None
    files: tuple[Path, ...]

    @property
    def order(self) -> tuple[str, str, str]:
        return str(self.week), self.kind, self.slug


@dataclass(frozen=True)
class Archive:
    issues: tuple[Issue, ...]
    """Newest first."""
    world: str

    @property
    def told(self) -> tuple[tuple[Issue, Brief], ...]:
        """Issues whose documents can be read, newest first."""
        return tuple((issue, issue.brief) for issue in self.issues if issue.brief is not None)

    @property
    def older(self) -> tuple[Issue, ...]:
        """Issues of another version of the document."""
        return tuple(issue for issue in self.issues if issue.brief is None)


def read_archive(folder: Path) -> Archive:
    """Every `brief.json` below a folder.

    Raises RenderError where there is none, where one is damaged, and where simulated and real issues are mixed.
    """
    paths = sorted(folder.rglob("brief.json"))
    if not paths:
        raise RenderError(f"expected issues (brief.json) in {folder}, found none; write one with `horizon scan`")
    issues = sorted((_issue(folder, path) for path in paths), key=lambda issue: issue.order, reverse=True)
    worlds = sorted({issue.world for issue in issues})
    if len(worlds) > 1:
        raise RenderError(f"expected issues of one world in {folder}, found {', '.join(worlds)}; give each its folder")
    return Archive(tuple(issues), worlds[0])


def _issue(folder: Path, path: Path) -> Issue:
    try:
        plain: Any = json.loads(path.read_bytes())
        header = plain["header"]
        same = plain["schema_version"] == SCHEMA_VERSION
        return Issue(
            slug="-".join(path.parent.relative_to(folder).parts) or "issue",
            kind="-".join(str(part) for part in (header["kind"], header.get("area")) if part),
            week=IsoWeek.parse(header["week"]),
            world=str(header["world"]),
            cut_off=datetime.fromisoformat(header["cut_off"]),
            brief=Brief.model_validate(plain) if same else None,
            files=tuple(sorted(each for each in path.parent.iterdir() if each.suffix in _SUFFIXES)),
        )
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        message = f"expected the document of an issue in {path}, found: {error}"
        raise RenderError(message + "; put back a copy or move its folder out of the archive") from None
