"""Briefs whose texts of feeds try to be something else, for every format that shows them."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reports.build import build_brief
from reports.facts import Brief, BriefKind, NameParam, Query, Text
from tests.reports.sample import SKETCHES, sample_inputs
from tests.reports.sample_findings import longer, sample_findings
from tests.reports.several import several_inputs

EVIL = "evil.example"
WORST = (
    '<w:t>&lt;b&gt;</w:t><script>alert(1)</script>"><img src=x onerror=alert(1)>',
    f'=HYPERLINK("https://{EVIL}","click")',
    "+1+cmd|' /C calc'!A0",
    "\t=1+1",
    "right \u202eto left\u202c \u2066isolate\u2069",
    "nul \x00 bell \x07 escape \x1b[31m vertical\x0b newline\nheading \ufffe",
    "half of a pair \ud83d and \udc00 emoji \U0001f600",
    "long " * 2000,
    "@SUM(1,1) _x0041_ {text} {{ page }}",
    f"-2+3 [click](https://{EVIL}) <@everyone>",
    f'#import "{EVIL}": * ; #read("brief.typ") $ x $ *bold* _quiet_ `raw` @ref <label> [content] // gone',
    f"\n# heading\n\n| a | b |\n|---|---|\n![image](https://{EVIL}/x.png) <https://{EVIL}> <b>raw</b>\n```\n1. ~~x~~",
    f'"><a href="javascript:alert(1)" onclick=alert(1)>x</a></style></svg><svg onload=alert(1)><base href=//{EVIL}>',
    "\r\nBcc: all@evil.example\r\nSubject: another\r\n\r\nbody",
    "\r=1+1",
    "x" * 10_000,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f3f4\U000e0067\U000e007f zero\u200bwidth \u061c\u200f",
    "\u202e\u2067" * 50 + "never closed",
    '<at id=all></at> <at user_id="all">all</at> @all @所有人 <!channel> <@U1> {link} {0} {title!r} %s ${x} <%= 1 %>',
    f"plain https://{EVIL} www.{EVIL} mailto:a@{EVIL} ]]> <!-- --> <?php ?> <![CDATA[ &#x3c; \\ \\href{{x}}",
    "",
    " \u00a0\u3000\u2028\u2029\x85 ",
)
"""Also the empty text, and text that is nothing when what it hides is taken away."""
WRITABLE = tuple(text for text in WORST if not any("\ud800" <= char <= "\udfff" for char in text))
"""Those that brief.json can hold: unpaired surrogates are stopped long before, but renderers must not rely on that."""

OURS = {
    "Statement.template", "WordParam.table", "WordParam.word", "Text.en", "Text.zh", "ScoreRules.bars",
    "Header.run_hash", "Decision.kind", "AreaRow.sector", "AreaRow.verdict", "Change.before", "SignalFact.sector",
    "MoversFact.kind", "TrackRow.quantity", "Reliability.quantity", "ItemFact.link", "Version.link",
    "ItemReference.link", "SourceProfile.link_hosts",
}  # fmt: skip
"""Strings that no feed writes: keys of our words, names of the taxonomy, links built from ids and checked by `verify`.

Every other string is replaced, those of fields to come as well.
"""


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


@cache
def plain_everywhere(kind: BriefKind) -> Brief:
    """An invented live brief of a kind with all that one can hold: seven sources, signals, races, pages, checks."""
    window = {"window_weeks": 1 if kind == "weekly" else 13, "area": SKETCHES[0].id if kind == "group" else None}
    return build_brief(several_inputs(kind=kind, world="live", findings=sample_findings(**longer()), **window))


def hostile_everywhere(kind: BriefKind, turn: int = 0, worst: Sequence[str] = WORST) -> Brief:
    """The plain brief with every string of a feed replaced by the worst in turn; another `turn` begins elsewhere."""
    plain = plain_everywhere(kind)
    many = plain.model_copy(update={"signals": plain.signals[:1] * len(worst)})
    brief = _Replacing(worst, turn).record(many)
    assert isinstance(brief, Brief)
    return brief


class _Replacing:
    """A walk over all fields. Each field has a turn of its own, so that all of the worst come where it stands often."""

    def __init__(self, worst: Sequence[str], turn: int) -> None:
        self.worst, self.turn, self.seen = worst, turn, Counter[str]()

    def record(self, value: BaseModel) -> BaseModel:
        if isinstance(value, NameParam):
            # Of a country that nobody knows the code stands here, as the feed gives it.
            worst = self.next("NameParam.name")
            return NameParam(name=Text(en=worst, zh=worst))
        fields = type(value).model_fields
        return value.model_copy(update={name: self.field(value, name, field) for name, field in fields.items()})

    def field(self, record: BaseModel, name: str, field: FieldInfo) -> Any:
        value, place = getattr(record, name), f"{type(record).__name__}.{name}"
        if isinstance(record, Query) and name == "args":
            # A query's field tells how its number is shown.
            return {key: text if key == "field" else self.next(place) for key, text in value.items()}
        free = place not in OURS and is_free(field)
        return self.value(value, place, free, name in ("id", "ids"))

    def value(self, value: Any, place: str, free: bool, is_id: bool) -> Any:
        if isinstance(value, BaseModel):
            return self.record(value)
        if isinstance(value, tuple):
            return tuple(self.value(each, place, free, is_id) for each in value)
        if isinstance(value, dict):
            return {key: self.value(each, place, free, is_id) for key, each in value.items()}
        if isinstance(value, str) and is_id:
            return value.partition(":")[0] + ":x" + "".join(self.next(place).split())
        return self.next(place) if isinstance(value, str) and free else value

    def next(self, place: str) -> str:
        self.seen[place] += 1
        return self.worst[(self.turn + 5 * list(self.seen).index(place) + self.seen[place]) % len(self.worst)]


def is_free(field: FieldInfo) -> bool:
    """Whether a field takes any string: neither one of a few words nor of a pattern."""
    return not (field.annotation is str and field.metadata) and _takes_any(field.annotation)


def _takes_any(annotation: Any) -> bool:
    if annotation is str:
        return True
    return get_origin(annotation) not in (Annotated, Literal) and any(map(_takes_any, get_args(annotation)))
