"""Dates as feeds write them: RFC 822 and 2822, RFC 3339, ISO 8601 days, and the usual mistakes in each."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

_LONGEST = 80
_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)  # noqa: SIM905
}
# https://www.rfc-editor.org/rfc/rfc2822#section-4.3: zones by name; others, military ones among them, say nothing.
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_MAIL = re.compile(
    r"(?:[a-z]{3,9}\.?,?\s+)?(?P<day>\d{1,2})[\s-]+(?P<month>[a-z]{3})[a-z]{0,6}\.?,?[\s-]+(?P<year>\d{4}|\d{2})"
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?)?"
    r"(?:\s*(?P<sign>[+-])(?P<offset>\d{2}:?\d{2})|\s+(?P<zone>[a-z]{1,5}))?(?:\s*\([^()]{0,30}\))?",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
    r"(?:(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(?:(?P<sign>[+-])(?P<offset>\d{2}:?\d{2})|(?P<zone>Z|UTC|GMT))?",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日")
_CENTURY = 2000


def read_local(text: str) -> datetime | None:
    """The time as written, with its zone (UTC where none is given); None when it is no date."""
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST:
        return None
    match = _MAIL.fullmatch(text) or _NUMBERS.fullmatch(text) or _CHINESE.fullmatch(text)
    if match is None:
        return None
    found = match.groupdict()
    month = _MONTHS.get(found["month"].lower()) if found["month"].isalpha() else int(found["month"])
    year = int(found["year"]) + (_CENTURY if len(found["year"]) == 2 else 0)
    try:
        hour, minute, second = (int(found.get(name) or 0) for name in ("hour", "minute", "second"))
        return datetime(year, month or 0, int(found["day"]), hour, minute, second, tzinfo=_zone(found))
    except (ValueError, OverflowError):
        return None


def _zone(found: dict[str, str | None]) -> timezone:
    offset, name = found.get("offset"), found.get("zone")
    if offset:
        minutes = int(offset[:2]) * 60 + int(offset[-2:])
        return timezone(timedelta(minutes=-minutes if found["sign"] == "-" else minutes))
    return timezone(timedelta(hours=_ZONES.get((name or "").lower(), 0)))


def two_days_after(day: date) -> date:
    """The last day that a clock of two days ahead may name; of the year 9999, which feeds do write, its end."""
    return date.fromordinal(min(day.toordinal() + 2, date.max.toordinal()))


def read_date(text: str) -> date | None:
    """The day as its publisher wrote it: midnight in Beijing is that day there, not the evening before in UTC."""
    moment = read_local(text)
    return None if moment is None else moment.date()


def read_moment(text: str) -> datetime | None:
    """The moment in UTC."""
    moment = read_local(text)
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError:
        return None
