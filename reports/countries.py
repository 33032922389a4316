"""Names of countries and patent offices by their two-letter codes, from `countries.yml`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml
from pydantic import TypeAdapter

from reports.facts import NameParam, Text, VerbatimParam


@cache
def countries() -> Mapping[str, Text]:
    told = yaml.safe_load((files("reports") / "countries.yml").read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, Text]).validate_python(told)


def country(code: str) -> Text:
    """Its name in both languages; of an unknown code the code itself."""
    return countries().get(code, Text(en=code, zh=code))


def actor(table: str, name: str) -> NameParam | VerbatimParam:
    """One of the movers of an area: a country by its name, an organisation as it is written."""
    return NameParam(name=country(name)) if table == "countries" else VerbatimParam(text=name)
