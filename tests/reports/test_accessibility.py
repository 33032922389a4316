"""The web edition for readers of all kinds: by keyboard, by ear, in the dark, without script, on a slow line."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from reports.facts import Brief, BriefKind
from reports.language import LANGUAGES, LanguageCode
from reports.policy import brief_plan
from reports.render_html import render_html
from reports.view import Run, page_of
from tests.reports.chromium import document_after_scripts, needs_axe, needs_chromium, serious_findings
from tests.reports.hostile import plain_everywhere
from tests.reports.test_pages import words_of

DARK = "--blink-settings=preferredColorScheme=0"
PHONE = "--window-size=400,900"
BUDGET = 1_500_000
"""Bytes of a brief."""


@pytest.fixture(scope="module")
def pages(brief: Brief) -> dict[LanguageCode, str]:
    return {code: render_html(brief, code).decode() for code in LANGUAGES}


@needs_axe
@pytest.mark.parametrize(("code", "flags"), [("zh", ()), ("en", (DARK,)), ("en", (PHONE,))])
def test_axe_finds_nothing_serious(
    pages: dict[LanguageCode, str], tmp_path: Path, code: LanguageCode, flags: tuple[str, ...]
) -> None:
    assert serious_findings(pages[code], tmp_path, *flags) == []


@needs_axe
def test_axe_finds_what_is_wrong(pages: dict[LanguageCode, str], tmp_path: Path) -> None:
    bad = pages["en"].replace("</main>", '<img src="data:,"><a href="#x"></a></main>')
    assert {each["id"] for each in serious_findings(bad, tmp_path)} == {"image-alt", "link-name"}


@needs_chromium
def test_the_policy_admits_the_one_script_and_nothing_else(pages: dict[LanguageCode, str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    foreign = "<script>document.documentElement.dataset.broken = 'yes'</script></main>"
    page.write_text(pages["en"].replace("</main>", foreign), encoding="utf-8")
    found: Any = html.fromstring(document_after_scripts(page))
    assert found.get("data-broken") is None
    assert found.get_element_by_id("filter").get("hidden") is None, "our own script ran"


_TYPED = """
var box = document.getElementById("filter-text");
box.value = "%s";
box.dispatchEvent(new Event("input"));
"""


@needs_chromium
def test_the_filter_leaves_what_holds_the_words_and_says_how_much(
    brief: Brief, pages: dict[LanguageCode, str], tmp_path: Path
) -> None:
    wanted = brief.items[0].id
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", pages["en"])
    page = tmp_path / "typed.html"
    page.write_text(text.replace("</body>", f"<script>{_TYPED % wanted.upper()}</script></body>"), encoding="utf-8")
    found: Any = html.fromstring(document_after_scripts(page))
    kept = found.xpath("//*[@data-find][not(@hidden)]")
    assert kept
    assert len(kept) < len(found.xpath("//*[@data-find]"))
    assert all(wanted in each.text_content() for each in kept)
    assert found.xpath("string(//output)") == f"{len(kept)} found"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_policy_names_the_digest_of_the_script_and_the_style(
    pages: dict[LanguageCode, str], code: LanguageCode
) -> None:
    text = pages[code]
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found
    policy = found[1].replace("&#39;", "'")
    for tag in ("script", "style"):
        own = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(own) == 1
        digest = b64encode(sha256(own[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not html.fromstring(text).xpath("//@style"), "what the policy would refuse"


@pytest.mark.parametrize("code", LANGUAGES)
def test_without_script_everything_is_there_and_no_dead_control(
    brief: Brief, pages: dict[LanguageCode, str], code: LanguageCode
) -> None:
    page: Any = html.fromstring(pages[code])
    shown = " ".join(page.text_content().split())
    hidden = page.xpath("//*[@hidden]")
    assert [element.get("id") for element in hidden] == ["filter"]
    runs = [run for run in words_of(page_of(brief, code, "html").sections) if isinstance(run, Run)]
    assert runs
    assert [run.text for run in runs if " ".join(run.text.split()) not in shown] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_number_of_the_areas_opens_its_query_and_ids(
    brief: Brief, pages: dict[LanguageCode, str], code: LanguageCode
) -> None:
    page: Any = html.fromstring(pages[code])
    numbers = page.get_element_by_id("numbers").text_content()
    for row in brief.areas:
        assert f"score(field=growth_pct, series={row.series}, source={row.source})" in numbers
    for link in page.xpath("//a[@class='to']"):
        assert page.xpath(f"//details//*[@id='{link.get('href')[1:]}']"), "a browser opens what an anchor is in"
    assert len(page.xpath("//section[@id='areas']//tbody//a[@class='to']")) >= len(brief.coverage)
    assert all(item.id in numbers for item in brief.items)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_claim_opens_its_numbers_beside_it(pages: dict[LanguageCode, str], code: LanguageCode) -> None:
    page: Any = html.fromstring(pages[code])
    claims = page.xpath("//section[@id='bottom_line']//li")
    opened = [claim for claim in claims if claim.xpath("./details[@class='opens']//code")]
    assert opened
    assert all("(" in code_.text for claim in opened for code_ in claim.xpath(".//details//td/code"))
    entries = page.xpath("//section[@id='items']//li")
    assert entries
    assert all("label(area=" in entry.xpath("string(./details)") for entry in entries)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_keyboard_reaches_the_text_at_once_and_every_landmark_has_a_name(
    pages: dict[LanguageCode, str], code: LanguageCode
) -> None:
    page: Any = html.fromstring(pages[code])
    first = page.xpath("//body//a | //body//summary | //body//input")[0]
    assert first.get("href") == "#content"
    assert page.get_element_by_id("content").tag == "main"
    assert [len(page.xpath(f"//body/{tag}")) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    targets = {link.get("href")[1:] for link in page.xpath("//nav//a")}
    assert targets == {section.get("id") for section in page.xpath("//main/section")}


@pytest.mark.parametrize("code", LANGUAGES)
def test_charts_say_what_is_pointed_at(brief: Brief, pages: dict[LanguageCode, str], code: LanguageCode) -> None:
    page: Any = html.fromstring(pages[code])
    tips = page.xpath("//*[local-name()='g'][@class='tip']/*[local-name()='title']")
    names = {each.name.zh if code == "zh" else each.name.en for each in brief.coverage}
    assert all(any(tip.text.startswith(name) for tip in tips) for name in names)
    assert not page.xpath("//*[starts-with(@id, 'tip:')]")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_brief_keeps_its_budget(pages: dict[LanguageCode, str], code: LanguageCode) -> None:
    assert len(pages[code].encode()) < BUDGET


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("kind", ["weekly", pytest.param("quarterly", marks=pytest.mark.slow)])
def test_a_brief_of_seven_sources_and_every_finding_keeps_its_budget(kind: BriefKind, code: LanguageCode) -> None:
    """With as many signals as a page shows."""
    most, brief = brief_plan(kind).limits["html"].signals, plain_everywhere(kind)
    brief = brief.model_copy(update={"signals": (brief.signals * most)[:most]})
    assert len(brief.sources) == 7
    assert brief.pages
    assert len(render_html(brief, code)) < BUDGET


@needs_axe
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "code"), [("quarterly", "zh"), ("group", "en")])
def test_axe_finds_nothing_serious_in_longer_editions(kind: BriefKind, code: LanguageCode, tmp_path: Path) -> None:
    assert serious_findings(render_html(plain_everywhere(kind), code).decode(), tmp_path) == []
