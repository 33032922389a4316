"""The glossary: what the words of a brief mean, in both languages, as data in `glossary.yml`.

An id is `<kind>.<key>`: a kind is a table of `words/*.yml`, a part of the taxonomy (area, route, route_group, lens) or
one of our own (method, likelihood, confidence, policy, source).
"""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from horizon.errors import RenderError
from horizon.records import Record
from reports.facts import Text

GLOSSARY = Path(str(files("reports") / "glossary.yml"))
Words = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=200)]


class Meaning(Record):
    """One plain sentence in each language."""

    en: Annotated[str, Field(pattern=r"^[A-Z0-9a-z].*\.$", max_length=160)]
    zh: Annotated[str, Field(pattern=r"^\S.*。$", max_length=80)]


class Term(Record):
    id: Annotated[str, Field(pattern=r"^[a-z_]+(\.[A-Za-z0-9_]+)+$")]
    en: Words
    zh: Words
    means: Meaning

    @property
    def kind(self) -> str:
        return self.id.split(".", 1)[0]

    @property
    def name(self) -> Text:
        return Text(en=self.en, zh=self.zh)


_TERMS: TypeAdapter[tuple[Term, ...]] = TypeAdapter(tuple[Term, ...])


@cache
def load_glossary(path: Path = GLOSSARY) -> tuple[Term, ...]:
    """All terms in the file's order.

    Raises RenderError for a term that lacks a language, for an id given twice, and for two terms of a kind that read
    alike and mean different things.
    """
    try:
        terms = _TERMS.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RenderError(f"expected terms with id, en, zh and means in {path.name}, found: {error}") from None
    for key, told in (("id", [term.id for term in terms]), ("name", [_called(term) for term in terms])):
        twice = sorted({each for each in told if told.count(each) > 1})
        if twice:
            raise RenderError(f"expected each {key} once in {path.name}, found twice: {', '.join(twice)}; drop one")
    return terms


def _called(term: Term) -> str:
    """Routes of different areas may share a name; within a kind else, the same words are the same term."""
    scope = term.id.rsplit(".", 1)[0]
    return f"{scope}: {term.en} / {term.zh}"
