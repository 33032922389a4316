"""What feeds write is text and nothing else, wherever it stands: every kind, every format, both languages."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import feedparser  # type: ignore[import-untyped]  # ships no stubs
import pytest
from docx import Document
from lxml import etree, html
from markdown_it import MarkdownIt
from openpyxl import load_workbook
from pypdf import PdfReader

from horizon.errors import RenderError
from reports.annex import render_annex
from reports.facts import Brief, BriefKind
from reports.language import LANGUAGES, LanguageCode, language
from reports.messages import compose_mail, compose_notice
from reports.parity import disparities
from reports.policy import brief_plan
from reports.proofs import proofs_of
from reports.render_docx import render_docx
from reports.render_html import own_text, render_html
from reports.render_json import render_json
from reports.render_markdown import render_markdown
from reports.render_pdf import render_pdf
from reports.site.archive import read_archive
from reports.site.items import StoredItem
from reports.site.pages import site_files
from reports.view import Paragraph, Table, View, page_of
from taxonomy.load import Taxonomy
from tests.reports.hostile import EVIL, OURS, WORST, WRITABLE, hostile_everywhere, plain_everywhere
from tests.reports.sample import sample_inputs

KINDS: tuple[BriefKind, ...] = get_args(BriefKind)
EVERY = [(kind, code) for kind in KINDS for code in LANGUAGES]
SOME: list[Any] = [
    pytest.param(kind, code, marks=[] if code == ("zh" if kind == "quarterly" else "en") else [pytest.mark.slow])
    for kind, code in EVERY
]
"""For formats that take seconds."""
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
BANNED = {"iframe", "object", "embed", "base", "img", "frame", "applet", "template", "math", "foreignobject", "b"}
SENT = datetime(2026, 11, 17, 9, tzinfo=UTC)
HEADERS = ["Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version",
           "Content-Type"]  # fmt: skip


@cache
def hostile(kind: BriefKind) -> Brief:
    return hostile_everywhere(kind)


def hosts_of(brief: Brief) -> set[str]:
    return {host for row in brief.sources for host in row.profile.link_hosts} | {"arxiv.org"}


def is_foreign(address: str, hosts: set[str]) -> bool:
    """Neither within the page or site nor on a host of a source."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc) and (parts.scheme != "https" or parts.netloc not in hosts)


def faults(text: str, hosts: set[str]) -> list[str]:
    """What of a page is markup or an address that is not ours, or deceives who reads it."""
    page: Any = html.fromstring(text.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    elements = [each for each in page.iter() if isinstance(each.tag, str)]
    found = [each.tag for each in elements if each.tag.lower() in BANNED]
    for each in elements:
        for name, value in each.attrib.items():
            plain = name.rpartition("}")[2].rpartition(":")[2].lower()
            if plain.startswith("on") or (
                plain in ("href", "src", "action", "formaction") and is_foreign(value, hosts)
            ):
                found.append(f"{name}={value[:80]}")
    return [*found, *map(repr, HIDDEN.findall(text))]


# ---- the walk itself -------------------------------------------------------------------------------------------------


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of plain JSON; what stands in a list under one path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings(each, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each, path)


def test_every_free_string_of_the_document_is_one_of_the_worst_or_named_as_ours() -> None:
    """Names are those of the last two steps, so that a new field must be told ours, or is replaced."""
    ours = {place.rpartition(".")[2] for place in OURS} | {"field"}
    changed = set[str]()
    for kind in KINDS:
        before, after = (dict[str, set[str]]() for _ in range(2))
        for brief, found in ((plain_everywhere(kind), before), (hostile(kind), after)):
            for path, text in strings(brief.model_dump(mode="python")):
                found.setdefault(path, set()).add(text)
        changed |= {path for path, texts in after.items() if texts & set(WORST)}
        kept = {path.rpartition(".")[2] for path in before.keys() - changed if " " in "".join(before[path])}
        assert kept <= ours, "sentences that nobody replaced"
    assert changed >= {
        *(".items.title", ".items.organisations", ".items.countries", ".items.office", ".items.reasons.quote.text"),
        *(".signals.term", ".signals.variants", ".signals.items.title", ".odd.item.title", ".checks.item.title"),
        *(".pages.aspects.quotes.quote.text", ".negatives.params.term.text", ".sources.reason"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_refuses_unpaired_surrogates_by_name(kind: BriefKind) -> None:
    """No parser lets one in and no store could keep it; what of them stands in other tests is put past both."""
    with pytest.raises(RenderError, match="UTF-8"):
        render_json(hostile(kind))


# ---- formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "code"), EVERY)
def test_no_word_of_a_page_hides_or_turns_anything(kind: BriefKind, code: LanguageCode) -> None:
    def words(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple | dict):
            yield from (word for each in value for word in words(each))
            yield from words(tuple(value.values())) if isinstance(value, dict) else ()
        elif is_dataclass(value) and not isinstance(value, type):
            yield from (word for field in fields(value) for word in words(getattr(value, field.name)))

    for turn in range(0, len(WORST), 8):
        brief = hostile_everywhere(kind, turn)
        view = View(brief, language(code, kind), brief_plan(kind).limits["html"])
        shown = [*words(page_of(brief, code, "html")), *words(proofs_of(view))]
        assert [word[:60] for word in shown if HIDDEN.search(word) or "\n" in word or "\u2028" in word] == []


@pytest.mark.parametrize(("kind", "code"), SOME)
def test_html_holds_no_markup_of_a_feed(kind: BriefKind, code: LanguageCode) -> None:
    text = render_html(hostile(kind), code).decode("utf-8")
    assert faults(text, hosts_of(hostile(kind))) == []
    page: Any = html.fromstring(text)
    assert [script.text for script in page.iter("script")] == [own_text("filter.js")]
    assert len(list(page.iter("style"))) == 1
    assert "<script>alert(1)</script>" in page.text_content()
    assert "{{ page }}" in page.text_content()


@pytest.mark.parametrize(("kind", "code"), EVERY)
def test_markdown_keeps_its_headings_tables_and_links(kind: BriefKind, code: LanguageCode) -> None:
    for turn in (0, 9, 17):
        brief = hostile_everywhere(kind, turn)
        text = render_markdown(brief, code).decode("utf-8")
        page = page_of(brief, code, "markdown")
        blocks = [block for section in page.sections for block in section.blocks]
        tokens = [each for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
                  for each in (token, *(token.children or ()))]  # fmt: skip
        types = [token.type for token in tokens]
        heads = [block for block in blocks if isinstance(block, Paragraph) and block.kind == "head"]
        assert types.count("heading_open") == 1 + len(page.sections) + len(heads)
        assert types.count("table_open") == len([block for block in blocks if isinstance(block, Table)])
        assert not {"html_block", "html_inline", "image", "fence", "code_block", "code_inline", "s_open"} & set(types)
        links = [str(token.attrGet("href")) for token in tokens if token.type == "link_open"]
        assert [link for link in links if is_foreign(link, hosts_of(brief))] == []
        assert not re.search(rf"(://|www\.|mailto:[a-z]*@){EVIL}", text), "no program makes a link of it by itself"
        assert "<" not in text
        assert not HIDDEN.search(text)
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            bare = re.sub(r"\\.", "", table)
            assert len({line.count("|") for line in bare.splitlines()}) == 1


@pytest.mark.parametrize(("kind", "code"), SOME)
def test_docx_has_no_field_object_or_foreign_relationship(kind: BriefKind, code: LanguageCode) -> None:
    data, hosts = render_docx(hostile(kind), code), hosts_of(hostile(kind))
    text = "\n".join(each.text for each in Document(io.BytesIO(data)).paragraphs)
    assert "<script>alert(1)</script>" in text
    assert "_x0041_" in text
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name.endswith((".xml", ".rels"))}
    for name, part in parts.items():
        tree = etree.fromstring(part)
        said = [str(each) for element in tree.iter() for each in (element.text, element.tail, *element.values())]
        assert not HIDDEN.search("".join(said))
        targets = [str(each.get("Target")) for each in tree.iter("{*}Relationship") if each.get("TargetMode")]
        assert [target for target in targets if is_foreign(target, hosts)] == []
        fields_ = [each.get(each.keys()[0]) for each in tree.iter("{*}fldSimple")]
        assert {str(each) for each in fields_} <= {"PAGE", "NUMPAGES"}, name
        assert not [
            each.tag for tag in ("instrText", "fldChar", "altChunk", "object") for each in tree.iter(f"{{*}}{tag}")
        ]


@pytest.mark.parametrize(("kind", "code"), EVERY)
def test_no_cell_of_the_annex_computes_anything(kind: BriefKind, code: LanguageCode) -> None:
    data, hosts = render_annex(hostile(kind), code), hosts_of(hostile(kind))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        raw = {name: archive.read(name).decode("utf-8") for name in names if name.endswith((".xml", ".rels"))}
    assert not [name for name in names if "external" in name.lower()]
    assert not [name for name, text in raw.items() if re.search(r"<f[ >/]|<ddeLink|<oleLink", text)]
    assert not [name for name, text in raw.items() if HIDDEN.search(text)]
    cells: list[Any] = [
        c for sheet in load_workbook(io.BytesIO(data)).worksheets for row in sheet.iter_rows() for c in row
    ]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    said = [(cell, cell.value) for cell in cells if isinstance(cell.value, str)]
    assert [value[:60] for cell, value in said if re.match(r"\s*[=+\-@]|[\t\r]", value) and not cell.quotePrefix] == []
    assert [value[:60] for _, value in said if value[:1] in "\t\r"] == []
    assert any(value.startswith("=HYPERLINK(") for _, value in said)
    assert any("_x005F_x0041_" in value or "_x0041_" in value for _, value in said)
    links = [str(cell.hyperlink.target) for cell in cells if cell.hyperlink]
    assert [link for link in links if is_foreign(link, hosts)] == []


@pytest.mark.parametrize(("kind", "code"), SOME)
def test_pdf_is_made_and_leads_to_sources_alone(kind: BriefKind, code: LanguageCode) -> None:
    pages = PdfReader(io.BytesIO(render_pdf(hostile(kind), code))).pages
    text = " ".join(page.extract_text() for page in pages).replace("\n", " ")
    assert "<script>" in text
    assert "#import" in text
    assert not HIDDEN.search(text)
    notes = [note.get_object() for page in pages for note in page.get("/Annots", [])]
    actions = [note["/A"] for note in notes if "/A" in note]
    assert {str(action["/S"]) for action in actions} <= {"/URI", "/GoTo"}
    addresses = [str(action["/URI"]) for action in actions if "/URI" in action]
    assert [each for each in addresses if is_foreign(each, hosts_of(hostile(kind)))] == []


@pytest.mark.parametrize(("kind", "code"), SOME)
def test_a_mail_has_our_headers_and_no_markup_of_a_feed(kind: BriefKind, code: LanguageCode) -> None:
    for turn in range(0, len(WORST), 8):
        brief = hostile_everywhere(kind, turn)
        made = compose_mail(brief, code, "ab" * 32, "h@example.org", ["a@example.org"], SENT).as_bytes()
        found = message_from_bytes(made, policy=policy.default)
        assert sorted(found.keys()) == sorted(HEADERS)
        assert not HIDDEN.search(found["Subject"])
        assert "\n" not in found["Subject"]
        bodies = [part for name in ("html", "plain") if (part := found.get_body((name,)))]
        page, plain = (part.get_content().replace("\r\n", "\n") for part in bodies)
        assert faults(page, hosts_of(brief)) == []
        assert not list(html.fromstring(page).iter("script"))
        assert not HIDDEN.search(plain)


@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu", "generic"])
@pytest.mark.parametrize(("kind", "code"), SOME)
def test_a_notice_calls_nobody_and_links_nowhere(kind: BriefKind, code: LanguageCode, name: str) -> None:
    for turn in range(0, len(WORST), 9):
        body = json.dumps(compose_notice(hostile_everywhere(kind, turn), code, name, "ab" * 32), ensure_ascii=False)
        told = "".join(text for _, text in strings(json.loads(body.encode("utf-8"))))
        assert not HIDDEN.search(told.replace("\n", ""))
        assert not re.search(r"@|<|>|://|www\.|\]\(", told)


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_is_the_same_bytes_again_and_reads_alike(kind: BriefKind) -> None:
    brief = hostile_everywhere(kind, worst=WRITABLE)
    data = render_json(brief)
    assert render_json(Brief.model_validate_json(data)) == data
    for each in (brief, hostile(kind)):
        told = list(disparities(each))
        assert [place for place, *_ in told if not place.endswith((" (zh)", " (en)"))] == [], "numbers are ours"


# ---- the archive site ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | Path]:
    """A site of an issue of each kind, its items in the store as bad as in the issues."""
    folder = tmp_path_factory.mktemp("hostile")
    stored: dict[str, StoredItem] = {}
    item, label = sample_inputs().labelled[0]
    for kind in KINDS:
        brief = hostile_everywhere(kind, worst=WRITABLE)
        # A page of each item: a few tell as much as a hundred.
        brief = brief.model_copy(update={"items": brief.items[: len(WRITABLE)]})
        (folder / kind).mkdir()
        (folder / kind / "brief.json").write_bytes(render_json(brief))
        for at, fact in enumerate(brief.items):
            bad = {"title": WORST[at % len(WORST)], "abstract": " ".join(WORST), "licence": WORST[-at % len(WORST)]}
            said = {"text": bad["title"], "concept": bad["title"], "start": 0, "end": 9}
            evidence = {"evidence": tuple(each.model_copy(update=said) for each in label.evidence)}
            stored[fact.id] = StoredItem(item.model_copy(update=bad), (label.model_copy(update=evidence),))
    taxonomy = Taxonomy(sample_inputs().areas, "tax-simulated")
    return site_files(read_archive(folder), taxonomy, stored, {"arxiv": "CC0-1.0"})


def test_pages_of_the_site_hold_no_markup_of_a_feed(site: dict[str, bytes | Path]) -> None:
    hosts = hosts_of(hostile("weekly"))
    pages = {
        name: data.decode("utf-8") for name, data in site.items() if name.endswith(".html") and isinstance(data, bytes)
    }
    assert len(pages) > 2 * len(WRITABLE)
    assert {name: found for name, text in pages.items() if (found := faults(text, hosts))} == {}
    for text in pages.values():
        scripts: list[Any] = list(html.fromstring(text.encode()).iter("script"))
        assert {str(each.get("src")).rpartition("assets/")[2] for each in scripts} <= {
            "search.js",
            "index.zh.js",
            "index.en.js",
        }
    assert any("&lt;script&gt;alert(1)" in text for text in pages.values())
    assert not [name for name in site if not re.fullmatch(r"[A-Za-z0-9._/-]{1,200}", name) or ".." in name]


@pytest.mark.parametrize("code", LANGUAGES)
def test_feeds_and_the_search_index_are_well_formed(site: dict[str, bytes | Path], code: LanguageCode) -> None:
    feeds = [data for name, data in site.items() if name.startswith(f"{code}/feed-") and isinstance(data, bytes)]
    assert len(feeds) == len(KINDS)
    for data in feeds:
        tree = etree.fromstring(data)
        assert not feedparser.parse(data).bozo
        assert not HIDDEN.search("".join(map(str, tree.itertext())))
        assert {each.tag.rpartition("}")[2] for each in tree.iter() if isinstance(each.tag, str)} <= {
            "feed", "id", "title", "updated", "author", "name", "link", "entry", "summary"}  # fmt: skip
    index = site[f"assets/index.{code}.js"]
    assert isinstance(index, bytes)
    text = index.decode("utf-8")
    assert not re.search("[<>\u2028\u2029]", text)
    entries = json.loads(text.partition("=")[2].rstrip(";\n"))
    assert [entry for entry in entries if is_foreign(entry[2], set())] == []
    assert not HIDDEN.search("".join(map("".join, entries)))
