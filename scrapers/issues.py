"""What is noticed about records and crawls: the one way to make an issue of this room, and to refuse a record."""

from typing import Literal, Self

from pydantic import ValidationError

from horizon.records import Issue

Severity = Literal["info", "warning", "error"]
_LONGEST_MESSAGE, _LONGEST_VALUE = 500, 200
"""Feeds are hostile: nothing of theirs fills a log."""


def make_issue(
    source: str,
    severity: Severity,
    code: str,
    message: str,
    item_id: str | None = None,
    *,
    found: str = "",
    **data: str,
) -> Issue:
    """An issue about one item, or about an answer or a crawl as a whole; `found` is what stood there, if anything."""
    told = {"found": found, **data} if found else data
    return Issue(
        room="scrapers",
        severity=severity,
        code=code,
        message=message[:_LONGEST_MESSAGE],
        source=source,
        item_id=item_id,
        data={key: value[:_LONGEST_VALUE] for key, value in told.items()},
    )


class Refusal(Exception):
    """A record that cannot become an item; `severity` is less than error where that is as it should be."""

    def __init__(self, code: str, message: str, severity: Severity = "error", **data: str) -> None:
        super().__init__(message)
        self.code, self.message, self.severity, self.data = code, message, severity, data

    @classmethod
    def invalid(cls, error: ValidationError) -> Self:
        """Of a record whose fields were read and yet make no item."""
        return cls("record-invalid", f"the record does not make an item: {error.errors()[0]['msg']}")

    def issue(self, source: str, item_id: str | None = None, **data: str) -> Issue:
        """What is told of it."""
        return make_issue(source, self.severity, self.code, self.message, item_id, **{**self.data, **data})
