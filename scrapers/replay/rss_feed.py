"""A publisher's feed over a world, in three dialects and with the habits of publishers: all of it SIMULATED."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from scrapers.replay.arxiv_records import attribute_of, tex_to_unicode, text_of
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.world import Paper

_SITE = "https://news.example.org"
_HOSTILE = '<script>alert("SIMULATED")</script><img src="x" onerror="alert(1)"><p>SIMULATED news: <b>{}</b></p>'


@dataclass
class RssFeed:
    """`/rss` in RSS 2.0, `/rss/2` in RSS 1.0, `/rss/3` in Atom: the newest papers as news, newest first."""

    entries: int = 40
    """A feed shows no more; what is older is gone."""
    hostile: bool = True
    """Whether descriptions carry scripts."""
    paths: tuple[str, ...] = ("/rss",)
    _forms: dict[str, Callable[[list[Paper], datetime], tuple[str, str]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._forms = {"": self._rss, "2": self._rdf, "3": self._atom}

    def answer(self, request: Request, stage: Stage) -> Response:
        form = self._forms.get(request.path.removeprefix("/rss").strip("/"))
        if form is None:
            return Response(404, b"no such feed\n", {"Content-Type": "text/plain"})
        view = stage.view
        papers = view.world.describe(view.events[-self.entries :])[::-1]
        newest = datetime.combine(papers[0].announced, datetime.min.time(), UTC) if papers else stage.now
        body, kind = form(papers, newest)
        headers = {
            "Content-Type": kind,
            "ETag": f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(newest, usegmt=True),
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(304, b"", headers)
        return Response(200, body.encode(), headers)

    def _text(self, paper: Paper) -> str:
        words = text_of(tex_to_unicode(paper.abstract or ""))
        return _HOSTILE.format(words) if self.hostile else words

    def _rss(self, papers: list[Paper], newest: datetime) -> tuple[str, str]:
        items = "".join(
            f"<item>\n<title>{text_of(_title(paper))}</title>\n<link>{_link(paper)}</link>\n"
            f"<description>{text_of(self._text(paper))}</description>\n"
            f'<guid isPermaLink="false">simulated-{text_of(paper.id)}</guid>\n'
            f"<pubDate>{format_datetime(_moment(paper))}</pubDate>\n<dc:creator>{text_of(_author(paper))}</dc:creator>\n"
            "</item>\n"
            for paper in papers
        )
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
            f"<channel>\n<title>SIMULATED news</title>\n<link>{_SITE}/</link>\n<description>SIMULATED</description>\n"
            f"<language>en</language>\n<lastBuildDate>{format_datetime(newest)}</lastBuildDate>\n"
        )
        return f"{head}{items}</channel>\n</rss>\n", "application/rss+xml"

    def _rdf(self, papers: list[Paper], newest: datetime) -> tuple[str, str]:
        places = "".join(f'<rdf:li rdf:resource="{_link(paper)}"/>\n' for paper in papers)
        items = "".join(
            f'<item rdf:about="{_link(paper)}">\n<title>{text_of(_title(paper))}</title>\n<link>{_link(paper)}</link>\n'
            f"<description>{text_of(self._text(paper))}</description>\n<dc:date>{_moment(paper).isoformat()}</dc:date>\n"
            f"<dc:creator>{text_of(_author(paper))}</dc:creator>\n</item>\n"
            for paper in papers
        )
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">\n<channel rdf:about="{_SITE}/">\n'
            f"<title>SIMULATED news</title>\n<link>{_SITE}/</link>\n<description>SIMULATED</description>\n"
            f"<dc:date>{newest.isoformat()}</dc:date>\n"
            f"<items><rdf:Seq>\n{places}</rdf:Seq></items>\n</channel>\n"
        )
        return f"{head}{items}</rdf:RDF>\n", "application/rdf+xml"

    def _atom(self, papers: list[Paper], newest: datetime) -> tuple[str, str]:
        entries = "".join(
            f"<entry>\n<id>tag:news.example.org,2026:{text_of(paper.id)}</id>\n<title>{text_of(_title(paper))}</title>\n"
            f'<link rel="alternate" href="{_link(paper)}"/>\n<published>{_moment(paper).isoformat()}</published>\n'
            f"<updated>{_moment(paper).isoformat()}</updated>\n"
            f'<summary type="html">{text_of(self._text(paper))}</summary>\n'
            f"<author><name>{text_of(_author(paper))}</name></author>\n</entry>\n"
            for paper in papers
        )
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
            f"<id>{_SITE}/</id>\n<title>SIMULATED news</title>\n<updated>{newest.isoformat()}</updated>\n"
        )
        return f"{head}{entries}</feed>\n", "application/atom+xml"


def _title(paper: Paper) -> str:
    return f"SIMULATED news: {tex_to_unicode(paper.title)}"


def _link(paper: Paper) -> str:
    return attribute_of(f"{_SITE}/{paper.id}")


def _author(paper: Paper) -> str:
    return tex_to_unicode(paper.authors).split(",")[0].split(" and ")[0].strip()


def _moment(paper: Paper) -> datetime:
    return paper.versions[-1].submitted
