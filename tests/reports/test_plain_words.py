"""Countries by name, failures by a fixed word, what ends a signal said once: nothing that only a machine reads."""

import re
from importlib.resources import files

import pytest
import yaml

from horizon.records import Item
from reports.annex import render_annex
from reports.build import build_brief
from reports.countries import countries, country
from reports.facts import Brief, Text
from reports.failures import failure_kind, failure_kinds
from reports.inputs import SourceWeek
from reports.language import LANGUAGES, LanguageCode, language
from reports.render_markdown import render_markdown
from tests.reports.sample import fetch, sample_inputs
from tests.reports.sample_findings import sample_findings, signal


def shown(brief: Brief, code: LanguageCode) -> str:
    return render_markdown(brief, code).decode("utf-8").replace("\\", "")


# ---- countries -------------------------------------------------------------------------------------------------------


def test_countries_have_names_in_both_languages_and_unknown_codes_stay() -> None:
    assert country("CN") == Text(en="China", zh="中国")
    assert country("NO") == Text(en="Norway", zh="挪威"), "a bare NO is false in YAML"
    assert country("QQ") == Text(en="QQ", zh="QQ")
    assert len(countries()) >= 60
    for field in ("en", "zh"):
        names = [getattr(name, field) for name in countries().values()]
        assert len(set(names)) == len(names)
    assert all(re.fullmatch("[A-Z]{2}", code) for code in countries())


@pytest.mark.parametrize(("code", "name", "raw"), [("en", "China 31%", "CN 31%"), ("zh", "中国 31%", "CN 31%")])
def test_movers_name_countries(code: LanguageCode, name: str, raw: str) -> None:
    text = shown(build_brief(sample_inputs(findings=sample_findings())), code)
    assert name in text
    assert raw not in text


# ---- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("source biorxiv: given up after 5 attempts, last: HTTP 503 (http://127.0.0.1:38043/biorxiv/429)", "server"),
        ("source epo: HTTP 403: the key is not accepted; look whether", "refused"),
        ("the crawl took longer than 3600 s and was ended; pages so far are kept", "timeout"),
        ("the crawler was killed by signal 9; pages so far are kept, crawl again to go on", "crawler"),
        ("download failed, ResponseFailed: [<twisted>]", "network"),
        ("download failed, X: y (https://a.example/quota/robots/HTTP 503)", "network"),
        ("17 of 900 listed records could not be had", "lost"),
        ("the source lists no record for this window, of which the store holds 9 items: not believed", "doubtful"),
        ("3 of 9 records could not be read; see issues.jsonl", "unreadable"),
        ("3 dropped files cannot be read: a, b, c; mend them or take them away", "dropped"),
        ("something that nobody foresaw", "other"),
    ],
)
def test_a_failure_has_a_kind(reason: str, kind: str) -> None:
    assert failure_kind(reason) == kind


def test_every_kind_of_failure_has_its_word() -> None:
    assert len(failure_kinds()) == len(yaml.safe_load((files("reports") / "failures.yml").read_text())) + 1
    for code in LANGUAGES:
        assert set(language(code).words["failure"]) == set(failure_kinds())


@pytest.mark.parametrize(("code", "word"), [("en", "the source answered with errors"), ("zh", "来源返回错误")])
def test_readers_see_the_word_and_the_annex_the_machines_own(code: LanguageCode, word: str) -> None:
    reason = "source arxiv: given up after 5 attempts, last: HTTP 503 (http://127.0.0.1:38043/api)"
    failed = fetch(status="ERROR", reason=reason, records=0, items=0)
    brief = build_brief(sample_inputs(sources=(SourceWeek(source="arxiv", status="ERROR", fetch=failed),)))
    text = shown(brief, code)
    assert word in text
    assert "127.0.0.1" not in text
    assert "given up" not in text
    assert brief.sources[0].reason == reason
    assert render_annex(brief, code)


# ---- what ends a signal ----------------------------------------------------------------------------------------------


def test_what_ends_every_signal_is_said_once() -> None:
    other = signal("moss computing", killed_by={**signal().killed_by, "share_weeks_53_to_104": 0.0035})
    brief = build_brief(sample_inputs(findings=sample_findings(signals=(signal(), other, signal("woven light")))))
    text = shown(brief, "en")
    assert text.count("fewer than 6 papers in 26 weeks") == 1
    assert text.count("it counts as sustained if") == 3, "what is each one's own is said of each"
    assert shown(brief, "zh").count("26 周少于 6 篇论文") == 1


def test_the_ends_of_a_single_signal_are_told_whole() -> None:
    brief = build_brief(sample_inputs(findings=sample_findings(signals=(signal(),))))
    text = shown(brief, "en")
    assert [text.count(part) for part in ("fewer than 6 papers", "it counts as sustained if")] == [1, 1]
    dropped = next(line for line in text.splitlines() if "is dropped with" in line)
    assert "sustained" not in dropped, "what makes it last is nothing that ends it"


def test_an_unknown_code_of_a_feed_is_shown_as_it_is() -> None:
    pairs = list(sample_inputs().labelled)
    item, label = pairs[0]
    assert isinstance(item, Item)
    values = {"kind": "patent_grant", "id": "uspto:QQ.1.A", "countries": ("QQ", "DE"), "organisations": ("Works",)}
    pairs[0] = (item.model_copy(update=values), label.model_copy(update={"item_id": "uspto:QQ.1.A"}))
    text = shown(build_brief(sample_inputs(labelled=tuple(pairs))), "en")
    assert "Works (QQ, Germany)" in text
