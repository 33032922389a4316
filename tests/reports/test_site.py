"""The archive site: every page escapes, links and reads the same without a server; nothing is shown that may not be."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]  # ships no stubs
import pytest
from lxml import etree, html

from horizon.errors import RenderError, UsageError
from horizon.records import Evidence, Item, Label
from reports.build import build_brief
from reports.facts import Brief
from reports.language import LANGUAGES, LanguageCode
from reports.render_json import render_json
from reports.site.archive import Archive, read_archive
from reports.site.items import (
    EVIDENCE_WORDS,
    MOST_QUOTES,
    QUOTE_WORDS,
    StoredItem,
    evidence_text,
    is_open,
    may_show_abstract,
    pieces,
    quotes,
    spans_of,
)
from reports.site.pages import item_page, site_files
from reports.site.publish import publish
from reports.site.search import Found, index_script
from taxonomy.load import Taxonomy
from tests.reports.chromium import document_after_scripts, needs_axe, needs_chromium, serious_findings
from tests.reports.sample import AS_OF, WEEK, sample_inputs
from tests.reports.test_pages import HOSTILE

LICENCES = {"arxiv": "CC0-1.0"}
Files = dict[str, bytes | Path]


def hostile_inputs() -> Any:
    """The invented week, three of its most telling titles as bad as they come."""
    pairs = list(sample_inputs().labelled)
    for at, title in zip((0, 1, 2), (HOSTILE[0], HOSTILE[1], "\u2028".join(HOSTILE[5:7]) + "</script>"), strict=True):
        item, label = pairs[at]
        changed = {"title": title, "abstract": f"SIMULATED {HOSTILE[1]}"}
        pairs[at] = (
            item.model_copy(update=changed),
            label.model_copy(update={"evidence": (), "probability": 1.0}),
        )
    return sample_inputs(labelled=tuple(pairs))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two issues, the newer one with hostile titles, and one of an older document."""
    root = tmp_path_factory.mktemp("briefs")
    now, before = build_brief(hostile_inputs()), build_brief(sample_inputs())
    header = before.header.model_copy(update={"week": WEEK + -1, "cut_off": AS_OF.replace(day=9)})
    for name, brief in (("2026-W46", now), ("2026-W45", before.model_copy(update={"header": header}))):
        (root / name).mkdir()
        (root / name / "brief.json").write_bytes(render_json(brief))
        (root / name / "brief.zh.pdf").write_bytes(b"%PDF")
    old = json.loads(render_json(now)) | {"schema_version": 1, "gone": True}
    old["header"]["week"] = "2026-W01"
    (root / "2026-W01").mkdir()
    (root / "2026-W01" / "brief.json").write_text(json.dumps(old), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def archive(folder: Path) -> Archive:
    return read_archive(folder)


@pytest.fixture(scope="module")
def stored() -> dict[str, StoredItem]:
    pairs = hostile_inputs().labelled
    return {item.id: StoredItem(item, (label,)) for item, label in pairs}


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return Taxonomy(sample_inputs().areas, "tax-simulated")


@pytest.fixture(scope="module")
def files(archive: Archive, taxonomy: Taxonomy, stored: dict[str, StoredItem]) -> Files:
    return site_files(archive, taxonomy, stored, LICENCES)


@pytest.fixture(scope="module")
def published(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published") / "site"
    publish(files, out)
    return out


def pages(files: Files) -> Iterator[tuple[str, Any]]:
    for name, data in files.items():
        if name.endswith(".html") and isinstance(data, bytes):
            yield name, html.fromstring(data.decode())


def test_every_link_of_the_site_leads_to_a_file_of_it(files: Files) -> None:
    broken = []
    for name, page in pages(files):
        for link in page.xpath("//a/@href | //link/@href | //script/@src"):
            if not link.startswith("#"):
                path, _, _ = link.partition("#")
                target = (Path("/") / name).parent.joinpath(path)
                parts: list[str] = []
                for part in target.parts[1:]:
                    parts = parts[:-1] if part == ".." else [*parts, part]
                broken += [] if "/".join(parts) in files else [f"{name} -> {link}"]
    assert broken == []


def test_every_page_stands_in_both_languages_and_says_that_it_is_simulated(files: Files) -> None:
    names = {name for name, _ in pages(files)}
    for code, other, words in (("zh", "en", "模拟世界（SIMULATED）"), ("en", "zh", "SIMULATED WORLD")):
        own = {name.removeprefix(f"{code}/") for name in names if name.startswith(f"{code}/")}
        assert own == {name.removeprefix(f"{other}/") for name in names if name.startswith(f"{other}/")}
        for name, page in pages(files):
            if name.startswith(f"{code}/"):
                assert words in page.xpath("string(//p[@class='world'])"), name
                assert page.get("lang", "").startswith(code)
    kinds = {"index", "areas", "routes", "signals", "ledger", "items", "glossary", "search"}
    assert {f"zh/{kind}.html" for kind in kinds} <= names


def test_no_title_becomes_markup_on_any_page(files: Files) -> None:
    for name, page in pages(files):
        assert not page.xpath("//img | //@onerror | //@onload | //@style"), name
        own = {"../assets/search.js", "../assets/index.zh.js", "../assets/index.en.js"}
        assert {script.get("src") for script in page.xpath("//script")} <= own, name
        assert not page.xpath("//script[text()]"), name
        assert "unsafe" not in page.xpath("string(//meta[@http-equiv]/@content)")
    shown = [page.text_content() for name, page in pages(files) if name.startswith("en/items/")]
    assert any("<script>alert(1)</script>" in text for text in shown)


def test_the_search_index_is_safe_within_a_script_and_says_what_it_was_given() -> None:
    given = [Found("item", "</script><b>\u2028\u2029&", "items/a.html", "量子")]
    script = index_script(given).decode()
    assert not re.search("[<>&\u2028\u2029]", script)
    data = json.loads(script.removeprefix("window.horizonIndex=").rstrip(";\n"))
    assert data == [list(given[0])]


@needs_chromium
def test_search_finds_by_script_from_a_folder_and_shows_text_alone(published: Path) -> None:
    page = published / "en" / "search.html"
    call = page.with_name("asked.html")
    call.write_text(page.read_text(encoding="utf-8").replace('type="search"', 'type="search" value="alert"'))
    found: Any = html.fromstring(document_after_scripts(call))
    lines = found.xpath("//ul[@id='found']/li/a")
    assert lines, "the policy lets the site's own scripts run from a folder"
    assert any("<script>alert(1)</script>" in line.text for line in lines)
    assert not found.xpath("//img")
    assert found.xpath("string(//output)") == f"{len(lines)} found"


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_area_shows_its_verdicts_over_the_issues(files: Files, archive: Archive, code: LanguageCode) -> None:
    brief = archive.told[0][1]
    area = next(row.area for row in brief.areas if row.status == "ok")
    page: Any = html.fromstring(bytes(files[f"{code}/areas/{area}.html"]).decode())
    assert len(page.xpath("//table/tbody/tr")) == 2
    assert len(page.xpath("//*[local-name()='svg']//*[local-name()='circle']")) == 2


def test_an_issue_of_another_version_keeps_its_files_and_is_told(files: Files, archive: Archive) -> None:
    assert [str(issue.week) for issue in archive.older] == ["2026-W01"]
    page = bytes(files["en/issues/2026-W01.html"]).decode()
    assert "another version" in page
    assert "issues/2026-W01/brief.json" in files


def test_sections_of_signals_and_ledger_may_be_absent(files: Files) -> None:
    for name in ("signals", "ledger"):
        assert "No issue has such a section yet." in bytes(files[f"en/{name}.html"]).decode()


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_edition_has_a_feed_with_lasting_ids_and_the_briefs_clock(files: Files, code: LanguageCode) -> None:
    feed = etree.fromstring(bytes(files[f"{code}/feed-weekly.xml"]))
    space = {"a": "http://www.w3.org/2005/Atom"}

    def texts(path: str) -> list[str]:
        found = feed.xpath(path, namespaces=space)
        assert isinstance(found, list)
        return [str(each) for each in found]

    assert texts("a:updated/text()") == ["2026-11-16T06:00:00Z"]
    assert texts("a:entry/a:updated/text()") == ["2026-11-16T06:00:00Z", "2026-11-09T06:00:00Z"]
    ids = texts("//a:id/text()")
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", each) for each in ids)
    assert "SIMULATED" in texts("a:entry/a:summary/text()")[0]
    read = feedparser.parse(bytes(files[f"{code}/feed-weekly.xml"]))
    assert not read.bozo
    assert [entry.id for entry in read.entries] == texts("a:entry/a:id/text()")
    for link in texts("a:entry/a:link[@rel='alternate']/@href"):
        assert f"{code}/{link}" in files


def test_an_address_makes_the_links_of_feeds_whole(
    archive: Archive, taxonomy: Taxonomy, stored: dict[str, StoredItem]
) -> None:
    made = site_files(archive, taxonomy, stored, LICENCES, address="https://briefs.example/")
    feed = etree.fromstring(bytes(made["zh/feed-weekly.xml"]))
    links = feed.xpath("//*[local-name()='link']/@href")
    assert isinstance(links, list)
    assert all(str(link).startswith("https://briefs.example/zh/") for link in links)


def test_the_same_issues_make_the_same_bytes(
    files: Files, folder: Path, taxonomy: Taxonomy, stored: dict[str, StoredItem]
) -> None:
    turned = dict(reversed(stored.items()))
    assert site_files(read_archive(folder), taxonomy, turned, LICENCES) == files


def item(abstract: str, **change: Any) -> StoredItem:
    values = {"id": "arxiv:2611.00001", "source": "europepmc", "kind": "preprint", "title": "SIMULATED",
              "abstract": abstract, "published": date(2026, 11, 9), "url": "https://arxiv.org/abs/2611.1"}  # fmt: skip
    found = Item.model_validate(values | change)
    return StoredItem(found, ())


@pytest.mark.parametrize(
    ("licence", "held"),
    [
        ("CC0-1.0", True),
        ("cc_by", True),
        ("CC BY 4.0", True),
        ("cc-by-sa-4.0", True),
        ("http://creativecommons.org/licenses/by/4.0/", True),
        ("http://creativecommons.org/publicdomain/zero/1.0/", True),
        ("US-public-domain", True),
        ("cc_by_nc", False),
        ("CC BY-NC-ND", False),
        ("http://creativecommons.org/licenses/by-nc-nd/4.0/", False),
        ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", False),
        ("cc_no", False),
        ("mixed", False),
        ("", False),
        (None, False),
    ],
)
def test_only_licences_that_let_anyone_show_a_text_are_open(licence: str | None, held: bool) -> None:
    assert is_open(licence) is held
    assert may_show_abstract(item("", licence=licence).item, {"europepmc": "mixed"}) is held


def test_an_open_source_opens_all_its_abstracts() -> None:
    assert may_show_abstract(item("").item, {"europepmc": "CC0-1.0"})


def test_a_text_under_rights_is_quoted_in_few_words_around_its_evidence() -> None:
    words = [f"word{at}" for at in range(300)]
    text = " ".join(words)
    spans = [(text.index(word), text.index(word) + len(word)) for word in words[40:300:40]]
    made = quotes(text, spans)
    assert len(made) == MOST_QUOTES
    for quote in made:
        said = "".join(piece.text for piece in quote)
        assert len(said.split()) <= QUOTE_WORDS
        assert said in text, "verbatim"
        assert any(piece.marked for piece in quote)


def test_a_long_span_is_cut_to_the_length_of_a_quote() -> None:
    text = " ".join(["long"] * 200)
    said = "".join(piece.text for piece in quotes(text, [(0, len(text))])[0])
    assert len(said.split()) <= QUOTE_WORDS
    chinese = "量子比特" * 50
    assert len("".join(piece.text for piece in quotes(chinese, [(0, 200)])[0])) <= QUOTE_WORDS


def test_the_pages_of_a_closed_abstract_hold_no_more_of_it_than_its_quotes(
    archive: Archive, taxonomy: Taxonomy
) -> None:
    fact = archive.told[0][1].items[0]
    words = [f"closed{at}" for at in range(120)]
    text = " ".join(words)
    sentence = Evidence(kind="lens", text=text, field="abstract", start=0, end=len(text), concept="cost", weight=1.0)
    label = Label(item_id=fact.id, area=fact.area, probability=0.9, assigned=True, evidence=(sentence,),
                  taxonomy="t", model="m")  # fmt: skip
    held = StoredItem(item(text, id=fact.id, licence="mixed").item, (label,))
    made = site_files(archive, taxonomy, {fact.id: held}, {})
    page = bytes(made[f"en/items/{item_page(fact.id)}"]).decode()
    assert len(set(re.findall(r"closed\d+", page))) <= QUOTE_WORDS
    assert "Neither the source" in page
    opened = bytes(site_files(archive, taxonomy, {fact.id: held}, {"europepmc": "CC0-1.0"})[
        f"en/items/{item_page(fact.id)}"]).decode()  # fmt: skip
    assert len(set(re.findall(r"closed\d+", opened))) == len(words)
    assert evidence_text(sentence, whole=False) == " ".join(words[:EVIDENCE_WORDS]) + " …"


def test_evidence_is_marked_where_it_stands(files: Files, archive: Archive, stored: dict[str, StoredItem]) -> None:
    fact = next(each for each in archive.told[0][1].items if stored[each.id].labels[0].evidence)
    page: Any = html.fromstring(bytes(files[f"zh/items/{item_page(fact.id)}"]).decode())
    marks = [mark.text for mark in page.xpath("//h1//mark")]
    spans = spans_of(stored[fact.id].labels[0].evidence, "title")
    assert marks == [stored[fact.id].item.title[start:end] for start, end in spans]


def test_pieces_of_a_text_join_to_the_text() -> None:
    text = "a quantum  repeater\u202e for\nnetworks"
    cut = pieces(text, [(2, 9), (5, 19)])
    assert "".join(piece.text for piece in cut).split() == ["a", "quantum", "repeater", "for", "networks"]
    assert "".join(piece.text for piece in cut if piece.marked) == "quantum repeater"


def test_names_of_item_pages_are_safe_and_never_shared() -> None:
    ids = [
        "arxiv:2611.00001",
        "epo:US.1.A1",
        "biorxiv:10.1101/2026.1",
        "biorxiv:10.1101-2026.1",
        "x:../../etc",
        "x:" + "é" * 300,
    ]
    names = [item_page(each) for each in ids]
    assert len(set(names)) == len(ids)
    assert names[0] == "arxiv-2611.00001.html"
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,120}", name) and not name.startswith(".") for name in names)


def test_a_site_replaces_a_site_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish({"a.html": b"old", "gone.html": b"old"}, out)
    publish({"a.html": b"new"}, out)
    assert (out / "a.html").read_bytes() == b"new"
    assert not (out / "gone.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"], "no half-built folder is left"
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "thesis.txt").write_text("dear")
    with pytest.raises(UsageError, match="another --out"):
        publish({"a.html": b""}, papers)
    assert (papers / "thesis.txt").read_text() == "dear"


def test_a_site_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish({"a.html": b"old"}, out)
    with pytest.raises(RenderError, match="make room"):
        publish({"a.html": b"new", "b.pdf": tmp_path / "is-gone.pdf"}, out)
    assert (out / "a.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_archive_without_issues_with_a_damaged_one_or_of_two_worlds_is_refused(tmp_path: Path, brief: Brief) -> None:
    with pytest.raises(RenderError, match="found none"):
        read_archive(tmp_path)
    for name, world in (("a", "simulated"), ("b", "live")):
        (tmp_path / name).mkdir()
        header = brief.header.model_copy(update={"world": world})
        (tmp_path / name / "brief.json").write_bytes(render_json(brief.model_copy(update={"header": header})))
    with pytest.raises(RenderError, match="live, simulated"):
        read_archive(tmp_path)
    (tmp_path / "b" / "brief.json").write_text("{", encoding="utf-8")
    with pytest.raises(RenderError, match=re.escape(str(tmp_path / "b"))):
        read_archive(tmp_path)


@needs_axe
@pytest.mark.parametrize("name", ["zh/index", "zh/areas/quantum_technology", "en/issues/2026-W46", "en/search", "item"])
def test_axe_finds_nothing_serious_on_the_site(
    files: Files, archive: Archive, published: Path, tmp_path: Path, name: str
) -> None:
    name = f"zh/items/{item_page(archive.told[0][1].items[0].id)}" if name == "item" else f"{name}.html"
    text = bytes(files[name]).decode()
    css = (published / "assets" / "site.css").read_text(encoding="utf-8")
    inlined = re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{css}</style>", text)
    assert inlined != text
    assert serious_findings(inlined, tmp_path) == []
