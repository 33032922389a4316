"""The shape of an area file. Validated on load; exported as JSON Schema for editors."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Sector = Literal["manufacturing", "information", "materials", "energy", "space", "health"]
Language = Literal["en", "zh"]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Model):
    """The same text in English and Chinese."""

    en: Phrase
    zh: Phrase


class Definition(Model):
    """One paragraph in each language."""

    en: Annotated[str, StringConstraints(strip_whitespace=True, min_length=80)]
    zh: Annotated[str, StringConstraints(strip_whitespace=True, min_length=30)]


class Term(Model):
    """A phrase that speaks for (or, in `exclusions`, against) an area or route."""

    text: Phrase
    lang: Language = "en"
    weight: float = Field(default=1.0, gt=0.0, le=3.0)
    """3: names the area by itself; 2: strong; 1: supporting; below 1: weak, needs company."""
    case: Literal["fold", "exact"] = "fold"
    """`exact` for acronyms and formulas (GaN, AAV, RIS)."""
    near: tuple[Phrase, ...] = ()
    """When given, the term counts only if one of these phrases is in the same title or abstract."""
    shared: str | None = None
    """Why the same term stands in another area too; without it a repeat is an error."""


class Route(Model):
    """A technology route: one of several ways to reach the area's aim."""

    id: Identifier
    name: Bilingual
    terms: tuple[Term, ...] = Field(min_length=6)


class RouteGroup(Model):
    """Routes that compete with or complete one another: shares are computed within a group."""

    id: Identifier
    name: Bilingual
    routes: tuple[Route, ...] = Field(min_length=2)


class CpcCodes(Model):
    """CPC symbols by confidence, as in feeds-patents.md section 12; a trailing slash means all subgroups."""

    core: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    legacy: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Keep out: these codes speak against the area."""
    report_separately: tuple[str, ...] = ()
    """Fringe (for fusion: low-energy nuclear reactions); never mixed into the area."""


class Codes(Model):
    """Classification codes as evidence; never the label by themselves unless core."""

    arxiv: dict[str, float] = Field(default_factory=dict)
    """Category to weight: how strongly the category alone suggests the area, 0 to 1."""
    cpc: CpcCodes = CpcCodes()


class LensPhrases(Model):
    """What the policy asks of a tier, as an aspect with phrases that show it in a text."""

    id: Identifier
    name: Bilingual
    en: tuple[Phrase, ...] = Field(min_length=5)
    zh: tuple[Phrase, ...] = Field(min_length=5)


Pattern = Annotated[str, StringConstraints(pattern=r"^[^.]+(\.\.\.[^.]+)*$", max_length=300)]
GAP = "..."
"""In a pattern: a few words that do not matter."""


class AspectCues(Model):
    """How texts of any area speak of one aspect: patterns, whose language is told at the head of lens.yml."""

    asks: Annotated[str, StringConstraints(min_length=20)]
    """The question that a judge answers of a sentence."""
    strong: tuple[Pattern, ...] = Field(min_length=5)
    weak: tuple[Pattern, ...] = Field(min_length=1)
    zh: tuple[Pattern, ...] = Field(min_length=5)


class Example(Model):
    """A title with an abstract, written by us, that is or is not about the area."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    abstract: str = ""
    why: str
    """Which line of the definition card decides it."""
    routes: tuple[str, ...] = ()
    """Route ids expected for a yes."""


class Examples(Model):
    yes: tuple[Example, ...] = Field(min_length=6)
    no: tuple[Example, ...] = Field(min_length=6)


class AreaFile(Model):
    """One frontier area."""

    id: Identifier
    name: Bilingual
    definition: Definition
    sector: Sector
    tier: Literal[1, 2, 3]
    lens: tuple[LensPhrases, ...] = Field(min_length=3)
    terms: tuple[Term, ...] = Field(min_length=40)
    exclusions: tuple[Term, ...] = ()
    codes: Codes
    route_groups: tuple[RouteGroup, ...] = Field(min_length=1)
    examples: Examples
    owner: str = "maintainers"
    reviewed: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]

    @property
    def routes(self) -> tuple[Route, ...]:
        return tuple(route for group in self.route_groups for route in group.routes)

    @model_validator(mode="after")
    def _routes_are_known(self) -> "AreaFile":
        known = [route.id for route in self.routes]
        repeated = sorted({route for route in known if known.count(route) > 1})
        if repeated:
            raise ValueError(f"route ids must be unique within an area, found twice: {', '.join(repeated)}")
        for example in self.examples.yes:
            unknown = set(example.routes) - set(known)
            if unknown:
                raise ValueError(f"example {example.title!r} names unknown routes {sorted(unknown)}; known: {known}")
        return self
