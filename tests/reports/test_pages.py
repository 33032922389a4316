"""HTML and Markdown: whole, escaped, readable without script; no title of a feed becomes markup."""

import io
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no stubs
from lxml import html

from reports.build import build_brief
from reports.facts import Brief
from reports.fonts import subset_woff
from reports.language import LANGUAGES, LanguageCode
from reports.render_html import own_text, render_html
from reports.render_markdown import escape, render_markdown
from reports.view import Run, displayable, page_of, shorten
from tests.reports.sample import sample_inputs

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    '#let x = read("brief.typ") #x $a_b$ *bold* `raw` @ref <label>',
    "[click](https://evil.example) ![](https://evil.example/x.png) https://evil.example www.evil.example",
    "right \u202eto left\u202c and \u2066isolate\u2069 and \u200fmark",
    "nul \x00 bell \x07 escape \x1b[31m newline\nheading\n# no",
    "{{ 7 * 7 }} {% raw %} {{ page }}",
    "emoji \U0001f600 and rare \U0002b740 and \ue000 private",
    "long " * 2000,
    "</style></svg><svg onload=alert(1)>",
    "| a | b | ~~c~~ &amp; &#x3c;",
)


def words_of(value: Any) -> Iterator[Any]:
    """Every run and text of a page, in order."""
    if isinstance(value, Run | str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from words_of(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from words_of(getattr(value, field.name))


def tree(text: str) -> Any:
    """The parsed page; Any, since an XPath may give anything."""
    return html.fromstring(text)


@pytest.fixture(scope="module")
def hostile() -> Brief:
    """The invented week with the worst titles as its most telling items."""
    pairs = list(sample_inputs().labelled)
    starts: dict[str, int] = {}
    for at, (_, label) in enumerate(pairs):
        starts.setdefault(label.area, at)
    places = [*starts.values(), *(at + 1 for at in starts.values())]
    for title, at in zip(HOSTILE, places, strict=False):
        item, label = pairs[at]
        pairs[at] = (
            item.model_copy(update={"title": title}),
            label.model_copy(update={"evidence": (), "probability": 1.0}),
        )
    return build_brief(sample_inputs(labelled=tuple(pairs), world="live"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_html_is_one_file_with_one_script_of_ours_and_no_foreign_address(brief: Brief, code: LanguageCode) -> None:
    text = render_html(brief, code).decode()
    page = tree(text)
    assert page.get("lang") == {"zh": "zh-Hans", "en": "en"}[code]
    assert [script.text for script in page.xpath("//script")] == [own_text("filter.js")]
    assert not page.xpath("//link | //iframe | //object | //img[not(starts-with(@src, 'data:'))]")
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    foreign = {url for url in re.findall(r"https?://[^\s\"'<]+", text) if "www.w3.org" not in url}
    assert foreign == set()
    assert len(text.encode()) < 1_200_000


@pytest.mark.parametrize("code", LANGUAGES)
def test_html_is_built_for_readers_of_all_kinds(brief: Brief, code: LanguageCode) -> None:
    page = tree(render_html(brief, code).decode())
    levels = [int(element.tag[1]) for element in page.xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for table in page.xpath("//table"):
        assert table.xpath("./caption")
        assert table.xpath("./thead//th[@scope='col']")
        assert len(table.xpath("./tbody/tr")) == len(table.xpath("./tbody/tr/th[@scope='row' or @scope='rowgroup']"))
    charts = page.xpath("//figure//*[local-name()='svg']")
    assert len(charts) == 4, "two, each for a wide and for a narrow screen"
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), "ids are unique, also those within the charts"
    for chart in charts:
        assert chart.get("role") == "img"
        assert all(name in ids for name in chart.get("aria-labelledby").split())
    assert page.xpath("//bdi[@lang]")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_brings_the_glyphs_of_its_own_words(brief: Brief, code: LanguageCode) -> None:
    text = render_html(brief, code).decode()
    found = re.findall(r'src: url\("data:font/woff;base64,([^"]+)"\)', text)
    assert len(found) == 1
    assert "font-src data:" in text
    with TTFont(io.BytesIO(b64decode(found[0]))) as font:
        drawn = font.getBestCmap()
    shown = {char for char in tree(text).xpath("string(//body)") if "\u4e00" <= char <= "\u9fff"}
    assert shown, "English pages hold Chinese titles at times"
    assert {char for char in shown if ord(char) not in drawn} == set()
    assert len(drawn) < 1500, "a part of the font, not all of it"


def test_the_same_words_give_the_same_font() -> None:
    assert subset_woff("量子 ab") == subset_woff("量子 ab")


def test_the_simulated_world_is_shouted_in_both_languages(brief: Brief) -> None:
    for code, words in (("en", "SIMULATED WORLD"), ("zh", "模拟世界（SIMULATED）")):
        page = tree(render_html(brief, code).decode())  # type: ignore[arg-type]
        assert words in page.xpath("string(//p[@class='world'])")
        assert words in render_markdown(brief, code).decode()  # type: ignore[arg-type]


def test_a_live_brief_carries_no_banner_and_links_its_items() -> None:
    live = build_brief(sample_inputs(world="live"))
    page = tree(render_html(live, "en").decode())
    assert not page.xpath("//p[@class='world']")
    links = page.xpath("//main//a[not(starts-with(@href, '#'))]")
    assert links
    assert all(link.get("href").startswith("https://arxiv.org/abs/") for link in links)
    assert all("noopener" in link.get("rel") for link in links)


@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_titles_stay_text_in_html(hostile: Brief, code: LanguageCode) -> None:
    text = render_html(hostile, code).decode()
    page = tree(text)
    assert not page.xpath("//img | //@onerror | //@onload")
    assert len(page.xpath("//script")) == 1
    shown = page.text_content()
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7 * 7 }}" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f]", text)
    foreign = page.xpath("//main//a[not(starts-with(@href, '#'))]")
    assert len(foreign) == len(page_links(page)), "no address of a title became a link"


def page_links(page: Any) -> list[Any]:
    return [link for link in page.xpath("//main//a") if link.get("href").startswith("https://arxiv.org/abs/")]


@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_titles_stay_text_in_markdown(hostile: Brief, code: LanguageCode) -> None:
    text = render_markdown(hostile, code).decode()
    assert "<" not in re.sub(r"&lt;", "", text)
    assert "https://evil" not in text
    assert "www.evil" not in text
    assert not re.search(r"(?<!\\)\[click(?<!\\)\]", text)
    assert not [line for line in text.splitlines() if line.startswith(("=", "# no"))]


def test_markdown_escapes_what_opens_markup() -> None:
    assert escape("*a* _b_ `c` [d](e) <f> | $g$ ~h~ @i #j") == (
        r"\*a\* \_b\_ \`c\` \[d\](e) &lt;f&gt; \| \$g\$ \~h\~ \@i \#j"
    )


def test_markdown_tables_keep_their_columns(brief: Brief) -> None:
    rows = [line for line in render_markdown(brief, "en").decode().splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in rows[:13]}
    assert widths == {13}


def test_display_text_has_no_controls_and_one_line() -> None:
    assert displayable("a\x00b\u202ec\u2069 \n\t d\ue000") == "abc d"
    assert displayable("零 宽\u200b不断") == "零 宽\u200b不断"


def test_a_long_title_is_cut_between_words_and_marked() -> None:
    assert shorten("alpha beta gamma delta", 12, " […]") == "alpha beta […]"
    assert shorten("短标题", 12, "……") == "短标题"


def test_every_section_of_the_plan_is_there_in_its_order(brief: Brief) -> None:
    names = [section.id for section in page_of(brief, "zh", "html").sections]
    assert names == [
        "bottom_line", "decisions", "areas", "adjustments", "momentum", "shares", "items", "sources", "method",
        "reproduction",
    ]  # fmt: skip
