"""arXiv's daily RSS and Atom feeds over a world: one day's announcements, cut, stale or empty as the live ones are.

Rules from feeds-arxiv-lifescience.md sections 2.2 and 4; shapes after https://github.com/arXiv/arxiv-feed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

import numpy as np

from scrapers.replay.arxiv_categories import categories
from scrapers.replay.arxiv_records import attribute_of, tex_to_unicode, text_of
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.world import DAY_S, Paper, View

_EASTERN = timezone(timedelta(hours=-5))
"""Winter time all the year, as in the world's calendar."""
_REBUILT_H = 5
_ATOM = "http://www.w3.org/2005/Atom"
_EXTENSIONS = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
# The order in which the server asks its database: what is cut off at the end are the new papers.
_ORDER = ("replace-cross", "replace", "cross", "new")
_OLDEST_VERSION_SHOWN = 5
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Line(NamedTuple):
    kind: str
    paper: Paper


@dataclass
class ArxivRss:
    """The services `/arxiv/feed/rss/<names>` and `/arxiv/feed/atom/<names>`; names are joined by `+`."""

    limit: int = 2_000
    stale: set[str] = field(default_factory=set)
    """Names that show the mailing before under today's date of building."""
    holidays: set[date] = field(default_factory=set)
    """Days on which the feeds are empty, as after a day without mailing."""
    paths: tuple[str, ...] = ("/arxiv/feed/rss", "/arxiv/feed/atom")
    serves_corpora: bool = True

    def answer(self, request: Request, stage: Stage) -> Response:
        form, _, joined = request.path.removeprefix("/arxiv/feed/").partition("/")
        names = joined.split("+")
        now = stage.now
        day = (now - timedelta(hours=_REBUILT_H)).date()
        unknown = [name for name in names if not _members(name)]
        if form not in ("rss", "atom") or unknown:
            text = f"Invalid archive or subject class '{unknown[0] if unknown else form}'."
            return _response(form, _error(form, joined, text, day), 400)
        lines = self._lines(names, stage.view, self._mailing(names, day))
        body = _FORMS[form](names, lines, day)
        return _unless_known(_response(form, body, 200), request.headers, now)

    def _mailing(self, names: list[str], day: date) -> date | None:
        """The day whose announcements are shown; None: none."""
        if day.weekday() > 4 or day in self.holidays:
            return None
        if not self.stale.isdisjoint(names):
            day -= timedelta(days=3 if day.weekday() == 0 else 1)
        return day

    def _lines(self, names: list[str], view: View, day: date | None) -> list[_Line]:
        if day is None:
            return []
        asked = frozenset().union(*(_members(name) for name in names))
        start = (day - date(1970, 1, 1)).days * DAY_S
        inside = view.members(asked)
        low, high = (int(np.searchsorted(inside.modified, second)) for second in (start, start + DAY_S))
        lines = [_Line(_kind(paper, asked), paper) for paper in view.world.describe(inside.events[low:high])]
        shown = [line for line in lines if line.paper.versions[-1].number <= _OLDEST_VERSION_SHOWN]
        shown.sort(key=lambda line: (_ORDER.index(line.kind), line.paper.id))
        # The generator puts each line before the ones it has.
        return shown[: self.limit][::-1]


def _members(name: str) -> frozenset[str]:
    """Categories of an archive or a category; none for an unknown name."""
    known = categories()
    place = known.set_of.get(name)
    return known.members.get(place, frozenset()) if place else frozenset()


def _kind(paper: Paper, asked: frozenset[str]) -> str:
    kind = "" if paper.versions[-1].number == 1 else "replace"
    if paper.categories.split()[0] in asked:
        return kind or "new"
    return f"{kind}-cross".lstrip("-")


def _unless_known(response: Response, asked: Mapping[str, str], now: datetime) -> Response:
    tag = f'"{hashlib.sha256(response.body).hexdigest()}"'
    until = datetime.combine(now.astimezone(_EASTERN).date() + timedelta(days=1), datetime.min.time(), _EASTERN)
    headers = {"ETag": tag, "Cache-Control": f"max-age={int((until - now).total_seconds())}"}
    if asked.get("if-none-match") == tag:
        return Response(304, b"", headers)
    return Response(response.status, response.body, {**response.headers, **headers})


def _response(form: str, body: str, status: int) -> Response:
    kind = "application/atom+xml" if form == "atom" else "application/rss+xml"
    return Response(status, body.encode(), {"Content-Type": kind})


def _midnight(day: date) -> str:
    return f"{_DAYS[day.weekday()]}, {day.day:02d} {_MONTHS[day.month - 1]} {day.year} 00:00:00 -0500"


def _built(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, _REBUILT_H, 0, 42, tzinfo=UTC)


def _mail_time(moment: datetime) -> str:
    return f"{_midnight(moment.date())[:16]} {moment:%H:%M:%S} +0000"


def _title(names: list[str]) -> str:
    return f"{', '.join(names)} updates on arXiv.org"


def _text(paper: Paper, kind: str) -> str:
    return (
        f"arXiv:{paper.id}v{paper.versions[-1].number} Announce Type: {kind} \n"
        f"Abstract: {tex_to_unicode(paper.abstract or '')}"
    )


def _extensions(line: _Line) -> str:
    paper = line.paper
    parts = [f"<arxiv:announce_type>{line.kind}</arxiv:announce_type>"]
    if paper.licence:
        parts.append(f"<dc:rights>{text_of(paper.licence)}</dc:rights>")
    if paper.doi:
        parts.append(f"<arxiv:DOI>{text_of(paper.doi)}</arxiv:DOI>")
    if paper.journal_ref:
        parts.append(f"<arxiv:journal_reference>{text_of(paper.journal_ref)}</arxiv:journal_reference>")
    parts.append(f"<dc:creator>{text_of(tex_to_unicode(paper.authors).replace(' and ', ', '))}</dc:creator>")
    return "".join(f"      {part}\n" for part in parts)


def _rss(names: list[str], lines: list[_Line], day: date) -> str:
    return _rss_head(
        _title(names), "+".join(names), f"{', '.join(names)} updates on the arXiv.org e-print archive.", day
    ) + ("".join(_rss_item(line, day) for line in lines) + "  </channel>\n</rss>\n")


def _rss_head(title: str, joined: str, description: str, day: date) -> str:
    link = attribute_of(f"https://rss.arxiv.org/rss/{joined}")
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<rss {_EXTENSIONS} xmlns:atom=\"{_ATOM}\" "
        f'xmlns:content="http://purl.org/rss/1.0/modules/content/" version="2.0">\n  <channel>\n'
        f"    <title>{text_of(title)}</title>\n    <link>{link}</link>\n"
        f"    <description>{text_of(description)}</description>\n"
        f'    <atom:link href="{link}" rel="self" type="application/rss+xml"/>\n'
        "    <docs>http://www.rssboard.org/rss-specification</docs>\n    <language>en-us</language>\n"
        f"    <lastBuildDate>{_mail_time(_built(day))}</lastBuildDate>\n"
        f"    <managingEditor>rss-help@arxiv.org</managingEditor>\n    <pubDate>{_midnight(day)}</pubDate>\n"
        "    <skipDays>\n      <day>Sunday</day>\n      <day>Saturday</day>\n    </skipDays>\n"
    )


def _rss_item(line: _Line, day: date) -> str:
    paper = line.paper
    words = "".join(f"      <category>{text_of(word)}</category>\n" for word in paper.categories.split())
    return (
        f"    <item>\n      <title>{text_of(tex_to_unicode(paper.title))}</title>\n"
        f"      <link>https://arxiv.org/abs/{paper.id}</link>\n"
        f"      <description>{text_of(_text(paper, line.kind))}</description>\n"
        f'      <guid isPermaLink="false">oai:arXiv.org:{paper.id}v{paper.versions[-1].number}</guid>\n{words}'
        f"      <pubDate>{_midnight(day)}</pubDate>\n{_extensions(line)}    </item>\n"
    )


def _atom(names: list[str], lines: list[_Line], day: date) -> str:
    description = f"{', '.join(names)} updates on the arXiv.org e-print archive."
    head = _atom_head(_title(names), "+".join(names), description, day)
    return head + "".join(_atom_entry(line, day) for line in lines) + "</feed>\n"


def _atom_head(title: str, joined: str, description: str, day: date) -> str:
    link = attribute_of(f"https://rss.arxiv.org/atom/{joined}")
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_EXTENSIONS} xmlns=\"{_ATOM}\" xml:lang=\"en-us\">\n"
        f"  <id>{link}</id>\n  <title>{text_of(title)}</title>\n  <updated>{_built(day).isoformat()}</updated>\n"
        f'  <link href="{link}" rel="self" type="application/atom+xml"/>\n'
        f"  <subtitle>{text_of(description)}</subtitle>\n"
    )


def _atom_entry(line: _Line, day: date) -> str:
    paper = line.paper
    words = "".join(f'    <category term="{attribute_of(word)}"/>\n' for word in paper.categories.split())
    return (
        f"  <entry>\n    <id>oai:arXiv.org:{paper.id}v{paper.versions[-1].number}</id>\n"
        f"    <title>{text_of(tex_to_unicode(paper.title))}</title>\n    <updated>{_built(day).isoformat()}</updated>\n"
        f'    <link href="https://arxiv.org/abs/{paper.id}" rel="alternate" type="text/html"/>\n'
        f"    <summary>{text_of(_text(paper, line.kind))}</summary>\n{words}"
        f"    <published>{day.isoformat()}T00:00:00-05:00</published>\n{_extensions(line)}  </entry>\n"
    )


def _error(form: str, joined: str, text: str, day: date) -> str:
    title = f"Feed error for query: https://rss.arxiv.org/{form}/{joined}"
    if form == "atom":
        return _atom_head(title, joined, text, day) + "</feed>\n"
    return _rss_head(title, joined, text, day) + "  </channel>\n</rss>\n"


_FORMS = {"rss": _rss, "atom": _atom}
