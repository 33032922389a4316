"""Every page of the site as bytes: issues, areas, routes, signals, ledger, items, glossary and search, twice."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reports.facts import AreaRow, Brief, ItemFact, Text
from reports.glossary import load_glossary
from reports.language import LANGUAGES, Language, LanguageCode, language
from reports.policy import brief_plan
from reports.proofs import Proofs
from reports.render_html import environment, font_face, own_text
from reports.site.archive import Archive, Issue
from reports.site.atom import Entry as FeedEntry
from reports.site.atom import atom_feed
from reports.site.curve import momentum_curve
from reports.site.items import StoredItem, evidence_of, evidence_text, may_show_abstract, pieces, quotes, spans_of
from reports.site.search import Found, index_script
from reports.tex import as_unicode
from reports.view import ARROWS, Block, Entries, Page, Run, View, displayable, page_of, tone_of, verdict_word
from taxonomy.load import Taxonomy
from taxonomy.schema import Bilingual

TOPICS = {"routes": "route", "signals": "signal", "ledger": "ledger"}
"""Pages that gather the sections of all issues whose id holds the word; there may be none."""
_MEDIA = {".pdf": "application/pdf", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}


@dataclass(frozen=True)
class Links(Proofs):
    """Where a page of the site leads from the words that name an area or an item."""

    places: Mapping[str, str] = field(default_factory=dict)

    def link(self, text: str) -> str | None:
        return self.places.get(text)


@dataclass(frozen=True)
class Told:
    """An issue whose document can be read, in one language."""

    issue: Issue
    brief: Brief
    view: View
    page: Page


@dataclass(frozen=True)
class Site:
    """All that the pages of one language draw on."""

    archive: Archive
    taxonomy: Taxonomy
    items: Mapping[str, StoredItem]
    licences: Mapping[str, str]
    """Of each source: what its records are under."""
    words: Language
    told: tuple[Told, ...]
    """Newest first."""

    def say(self, key: str) -> str:
        return self.words.word("site", key)

    def edition(self, kind: str) -> str:
        """The name of an edition: of an expert group's the area's name."""
        name, _, area = kind.partition("-")
        known = next((each for each in self.taxonomy.areas if each.id == area), None)
        whose = area if known is None else self.words.name(_text(known.name))
        return self.say(f"kind_{name}").format(area=whose)

    @property
    def banner(self) -> str | None:
        return None if self.archive.world == "live" else self.words.word("banner", self.archive.world)


def site_files(
    archive: Archive,
    taxonomy: Taxonomy,
    items: Mapping[str, StoredItem],
    licences: Mapping[str, str],
    font_dir: Path | None = None,
    address: str | None = None,
) -> dict[str, bytes | Path]:
    """Names and contents of the whole site; a path stands for a copy of that file."""
    pages: dict[str, str] = {}
    files: dict[str, bytes | Path] = {}
    for code in LANGUAGES:
        site = Site(archive, taxonomy, items, licences, language(code), _told(archive, code))
        pages |= {f"{code}/{name}": text for name, text in _pages(site)}
        files |= {f"{code}/{name}": data for name, data in _feeds(site, address)}
        files[f"assets/index.{code}.js"] = index_script(_search(site))
    pages["index.html"] = _door(archive)
    files |= {name: text.encode("utf-8") for name, text in pages.items()}
    files |= {f"issues/{issue.slug}/{path.name}": path for issue in archive.issues for path in issue.files}
    glyphs = "".join(sorted(set("".join(pages.values())) | set(_text_of(files))))
    css = "\n".join((font_face(glyphs, font_dir), own_text("brief.css"), own_text("site/site.css")))
    files["assets/site.css"] = css.encode("utf-8")
    files["assets/search.js"] = str(own_text("site/search.js")).encode("utf-8")
    return dict(sorted(files.items()))


def _text_of(files: Mapping[str, bytes | Path]) -> str:
    """What search may show."""
    return "".join(data.decode() for name, data in files.items() if name.endswith(".js") and isinstance(data, bytes))


def _told(archive: Archive, code: LanguageCode) -> tuple[Told, ...]:
    return tuple(_told_in(issue, brief, code) for issue, brief in archive.told)


def _told_in(issue: Issue, brief: Brief, code: LanguageCode) -> Told:
    kind = brief.header.kind
    view = View(brief, language(code, kind), brief_plan(kind).limits["html"])
    return Told(issue, brief, view, page_of(brief, code, "html"))


def _render(site: Site, template: str, path: str, title: str, **context: Any) -> str:
    up = "../" * path.count("/")
    values: dict[str, Any] = {"site": site, "path": path, "title": title, "up": up}
    values |= {"words": site.words.words["proof"]}
    values |= {"links": _links(site, up), "code": site.words.code, "other": _other(site.words.code)} | context
    made: str = environment().get_template(f"site/{template}.html.j2").render(values)
    return "\n".join(line for line in made.splitlines() if line.strip()) + "\n"


def _other(code: LanguageCode) -> LanguageCode:
    return next(each for each in LANGUAGES if each != code)


def _links(site: Site, up: str) -> Links:
    names = {site.words.name(_text(area.name)): f"{up}areas/{area.id}.html" for area in site.taxonomy.areas}
    return Links(places=names)


def _text(name: Bilingual) -> Text:
    return Text(en=name.en, zh=name.zh)


def _door(archive: Archive) -> str:
    titles = {code: language(code).word("site", "title") for code in LANGUAGES}
    said = [] if archive.world == "live" else [language(code).word("banner", archive.world) for code in LANGUAGES]
    made: str = environment().get_template("site/door.html.j2").render(titles=titles, banners=said)
    return made.strip() + "\n"


def _pages(site: Site) -> Iterator[tuple[str, str]]:
    yield "index.html", _render(site, "index", "index.html", site.say("issues"))
    yield from _issue_pages(site)
    yield from _area_pages(site)
    for topic, stem in TOPICS.items():
        found = [(told, s) for told in site.told for s in told.page.sections if stem in s.id]
        page = f"{topic}.html"
        yield page, _render(site, "topic", page, site.say(topic), topic=topic, found=found, newest=_newest(site))
    listed = _listed(site)
    yield "items.html", _render(site, "items", "items.html", site.say("items"), listed=listed, name=item_page)
    for item_id, facts in listed.items():
        path = f"items/{item_page(item_id)}"
        yield path, _render(site, "item", path, _title(site, facts[0][1]), **_item(site, item_id, facts))
    yield "glossary.html", _render(site, "glossary", "glossary.html", site.say("glossary"), terms=load_glossary())
    yield "search.html", _render(site, "search", "search.html", site.say("search"))


def _newest(site: Site) -> Told | None:
    return site.told[0] if site.told else None


def _issue_pages(site: Site) -> Iterator[tuple[str, str]]:
    for told in site.told:
        path = f"issues/{told.issue.slug}.html"
        places = {fact.id: f"../items/{item_page(fact.id)}" for fact in told.brief.items}
        sections = [replace(s, blocks=tuple(_linked(b, places) for b in s.blocks)) for s in told.page.sections]
        yield path, _render(site, "issue", path, told.page.title, told=told, sections=sections)
    for issue in site.archive.older:
        path = f"issues/{issue.slug}.html"
        yield path, _render(site, "older", path, site.words.week(issue.week), issue=issue)


def _linked(block: Block, places: Mapping[str, str]) -> Block:
    """Entries whose ids lead to the items' own pages."""
    if not isinstance(block, Entries):
        return block

    def led(run: Run) -> Run:
        return replace(run, href=places[run.text]) if run.style == "code" and run.text in places else run

    entries = (replace(e, lines=tuple(tuple(map(led, line)) for line in e.lines)) for e in block.entries)
    return replace(block, entries=tuple(entries))


@dataclass(frozen=True)
class AreaIssue:
    """An area in one issue, in the source that leads it there."""

    told: Told
    row: AreaRow
    grade: str

    @property
    def verdict(self) -> str:
        return f"{ARROWS[tone_of(self.row)]} {verdict_word(self.told.view, self.row)}"

    @property
    def tone(self) -> str:
        return tone_of(self.row)


def _history(site: Site, area: str) -> list[AreaIssue]:
    """Newest first. Quarters and groups' editions show the same scores again."""
    found = []
    for told in (each for each in site.told if each.issue.kind == "weekly"):
        grades = {each.area: each.grade for each in told.brief.coverage}
        found += [AreaIssue(told, row, grades[area]) for row in told.view.leading if row.area == area]
    return found


def _area_pages(site: Site) -> Iterator[tuple[str, str]]:
    rows = [(area, _history(site, area.id)) for area in site.taxonomy.areas]
    yield "areas.html", _render(site, "areas", "areas.html", site.say("areas"), rows=rows)
    for area, history in rows:
        path = f"areas/{area.id}.html"
        title = site.words.name(_text(area.name))
        items = [(i, f) for i, f in _listed(site).items() if any(fact.area == area.id for _, fact in f)]
        context = {"area": area, "history": history, "curve": _curve(site, history, title), "items": items}
        yield path, _render(site, "area", path, title, **context, name=item_page, show=_title)


def _curve(site: Site, history: list[AreaIssue], title: str) -> Any:
    from markupsafe import Markup

    points = [(str(each.told.issue.week), each.row, _said(site, each)) for each in reversed(history)]
    return Markup(momentum_curve(points, f"{title}: {site.say('over_time')}"))  # noqa: S704 numbers and escaped words


def _said(site: Site, each: AreaIssue) -> str:
    growth, words = each.row.growth, site.words
    verdict = verdict_word(each.told.view, each.row)
    return f"{each.told.page.title}: {words.bare(growth)} ({words.interval(growth)}), {verdict}"


def item_page(item_id: str) -> str:
    """File name of an item's page: what no file system refuses, with a digest where anything had to be replaced."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", item_id)
    if plain.replace("-", ":", 1) == item_id and len(plain) <= 80:
        return f"{plain}.html"
    return f"{plain[:80]}-{hashlib.sha256(item_id.encode()).hexdigest()[:8]}.html"


def _listed(site: Site) -> dict[str, list[tuple[Told, ItemFact]]]:
    """Items that issues tell of, each with the issues and areas in which it stands, newest first."""
    found: dict[str, list[tuple[Told, ItemFact]]] = {}
    for told in site.told:
        for fact in told.brief.items:
            found.setdefault(fact.id, []).append((told, fact))
    return found


def _title(_site: Site, fact: ItemFact) -> str:
    return as_unicode(displayable(fact.title)) or displayable(fact.id)


def _item(site: Site, item_id: str, facts: list[tuple[Told, ItemFact]]) -> dict[str, Any]:
    stored = site.items.get(item_id)
    context: dict[str, Any] = {"facts": facts, "stored": stored, "heading": (), "abstract": (), "quoted": ()}
    context |= {"areas": {area.id: site.words.name(_text(area.name)) for area in site.taxonomy.areas}}
    routes = {(area.id, route.id): _text(route.name) for area in site.taxonomy.areas for route in area.routes}
    context |= {"show": displayable, "routes": {key: site.words.name(name) for key, name in routes.items()}}
    if stored is None:
        return context
    evidence = evidence_of(stored.labels)
    text, spans = stored.item.abstract or "", spans_of(evidence, "abstract")
    whole = may_show_abstract(stored.item, site.licences)
    return context | {
        "heading": pieces(stored.item.title, spans_of(evidence, "title")),
        "abstract": pieces(text, spans) if whole else (),
        "quoted": () if whole else quotes(text, spans),
        "whole": whole,
        "said": lambda each: evidence_text(each, whole),
        "licence": displayable(stored.item.licence or site.licences.get(stored.item.source) or ""),
    }


def _search(site: Site) -> Iterator[Found]:
    names = {area.id: site.words.name(_text(area.name)) for area in site.taxonomy.areas}
    for told in site.told:
        text = " ".join(told.view.say(statement) for statement in told.brief.bottom_line)
        yield Found(site.say("issue"), told.page.title, f"issues/{told.issue.slug}.html", text)
    for area in site.taxonomy.areas:
        definition = area.definition.zh if site.words.code == "zh" else area.definition.en
        routes = " ".join(site.words.name(_text(route.name)) for route in area.routes)
        yield Found(site.say("area"), names[area.id], f"areas/{area.id}.html", f"{definition} {routes}")
    for item_id, facts in _listed(site).items():
        areas = sorted({names.get(fact.area, fact.area) for _, fact in facts})
        text = " ".join([displayable(item_id), *areas, *(site.words.name(route.name) for route in facts[0][1].routes)])
        yield Found(site.say("item"), _title(site, facts[0][1]), f"items/{item_page(item_id)}", text)
    for term in load_glossary():
        means = term.means.zh if site.words.code == "zh" else term.means.en
        yield Found(site.say("term"), site.words.name(term.name), f"glossary.html#{term.id}", means)


def _feeds(site: Site, address: str | None) -> Iterator[tuple[str, bytes]]:
    """One feed for each kind of issue."""
    below = None if address is None else f"{address.rstrip('/')}/{site.words.code}"
    for kind in sorted({told.issue.kind for told in site.told}):
        entries = [_feed_entry(site, told) for told in site.told if told.issue.kind == kind]
        key = f"horizon {site.archive.world} {kind} {site.words.code}"
        world = "" if site.banner is None else f" · {site.words.word('world', site.archive.world)}"
        title = f"Horizon · {site.say('title')} · {site.edition(kind)}{world}"
        name = f"feed-{kind}.xml"
        yield name, atom_feed(key, title, str(site.words.words["tag"]), name, entries, below)


def _feed_entry(site: Site, told: Told) -> FeedEntry:
    files = [path for path in told.issue.files if path.suffix in _MEDIA and f".{site.words.code}." in path.name]
    summary = site.words.joined([told.view.say(statement) for statement in told.brief.bottom_line])
    return FeedEntry(
        key=told.issue.slug,
        title=told.page.title,
        updated=told.brief.header.cut_off,
        page=f"issues/{told.issue.slug}.html",
        summary=summary if site.banner is None else f"{site.banner} {summary}",
        enclosures=tuple((f"../issues/{told.issue.slug}/{path.name}", _MEDIA[path.suffix]) for path in files),
    )
