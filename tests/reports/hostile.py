"""A brief whose titles try to be something else, for every format that shows them."""

from reports.build import build_brief
from reports.facts import Brief
from tests.reports.sample import sample_inputs

WORST = (
    '<w:t>&lt;b&gt;</w:t><script>alert(1)</script>"><img src=x onerror=alert(1)>',
    '=HYPERLINK("https://evil.example","click")',
    "+1+cmd|' /C calc'!A0",
    "\t=1+1",
    "right \u202eto left\u202c \u2066isolate\u2069",
    "nul \x00 bell \x07 escape \x1b[31m vertical\x0b newline\nheading \ufffe",
    "half of a pair \ud83d and \udc00 emoji \U0001f600",
    "long " * 2000,
    "@SUM(1,1) _x0041_ {text} {{ page }}",
    "-2+3 [click](https://evil.example) <@everyone>",
)


def hostile_brief() -> Brief:
    """The invented week, as if live, with the worst titles and applicants put into the document itself.

    Unpaired surrogates are stopped long before a brief is built; a renderer must not rely on that.
    """
    brief = build_brief(sample_inputs(world="live"))
    items = [
        item.model_copy(update={"title": title, "organisations": (title[:200],)})
        for item, title in zip(brief.items, WORST, strict=False)
    ]
    return brief.model_copy(update={"items": (*items, *brief.items[len(items) :])})
