"""Messages: the same bytes twice, no markup of a feed, never longer than a service takes."""

import json
import re
from datetime import UTC, datetime

import pytest

from horizon.errors import RenderError
from reports.facts import Brief, Text
from reports.language import LANGUAGES, LanguageCode
from reports.messages import Attachment, compose_mail, compose_notice, webhook

DIGEST = "ab" * 32
SENT = datetime(2026, 11, 17, 9, tzinfo=UTC)
ANGRY = "<@everyone> **now** [x](https://evil.example) {link} \u202e\x00\r\nBcc: a@evil.example"


def with_area_name(brief: Brief, name: str) -> Brief:
    """The brief with a name of an area, as a taxonomy of other people may give it, in its first statement."""
    text = Text(en=name, zh=name)
    statement = brief.bottom_line[0]
    params = {
        key: param.model_copy(update={"name": text}) if param.type == "name" else param
        for key, param in statement.params.items()
    }
    changed = statement.model_copy(update={"params": params})
    return brief.model_copy(update={"bottom_line": (changed, *brief.bottom_line[1:])})


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_brief_is_the_same_mail(brief: Brief, code: LanguageCode) -> None:
    def made() -> bytes:
        attached = [Attachment("horizon-2026-W46.pdf", b"%PDF-1.7")]
        return compose_mail(brief, code, DIGEST, "H <h@example.org>", ["a@example.org"], SENT, attached).as_bytes()

    assert made() == made()
    assert f"<{DIGEST[:40]}.{code}@example.org>".encode() in made()


def test_a_mail_says_the_world_in_subject_html_and_text(brief: Brief) -> None:
    found = compose_mail(brief, "en", DIGEST, "h@example.org", ["a@example.org"], SENT)
    assert found["Subject"].startswith("[SIMULATED]")
    for kind in ("plain", "html"):
        part = found.get_body((kind,))
        assert part is not None
        assert "SIMULATED WORLD" in part.get_content()


def test_names_of_others_are_text_in_a_mail(brief: Brief) -> None:
    found = compose_mail(with_area_name(brief, ANGRY), "en", DIGEST, "h@example.org", ["a@example.org"], SENT)
    assert found["Bcc"] is None
    html = found.get_body(("html",))
    assert html is not None
    assert "&lt;@everyone&gt;" in html.get_content()
    assert "\u202e" not in html.get_content()
    assert not re.search(r"<(script|img|iframe)|\son\w+=", html.get_content())


@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu", "generic"])
def test_a_notice_calls_nobody_and_opens_no_markup(brief: Brief, name: str) -> None:
    body = json.dumps(compose_notice(with_area_name(brief, ANGRY), "zh", name, DIGEST), ensure_ascii=False)
    assert "＜＠everyone＞" in body
    assert "@everyone" not in body
    assert "](https://evil" not in body
    assert "{link}" in body, "braces of a name are no slot"


@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_a_long_notice_is_cut_at_a_line_and_keeps_its_link(brief: Brief, name: str, code: LanguageCode) -> None:
    long = with_area_name(brief, "很长的名称 " * 5_000)
    text = json.dumps(compose_notice(long, code, name, DIGEST, "https://intranet.example/46"), ensure_ascii=False)
    assert len(text.encode()) <= webhook(name).most_bytes + 400
    assert "https://intranet.example/46" in text
    assert {"zh": "……", "en": "[…]"}[code] in text


def test_a_service_without_a_template_is_told() -> None:
    with pytest.raises(RenderError, match="pigeon"):
        webhook("pigeon")
