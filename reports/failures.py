"""Of what kind a source's failure was: a fixed word for the readers, by rules of `failures.yml`."""

import re
from functools import cache
from importlib.resources import files

import yaml
from pydantic import TypeAdapter

OTHER = "other"
_ADDRESS = re.compile(r"https?://\S+|\([^()]*://[^()]*\)")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    told = yaml.safe_load((files("reports") / "failures.yml").read_text(encoding="utf-8"))
    kinds = TypeAdapter(dict[str, list[str]]).validate_python(told)
    return tuple((kind, re.compile("|".join(parts), re.IGNORECASE)) for kind, parts in kinds.items())


def failure_kind(reason: str) -> str:
    """A key of the words' table `failure`, out of the words of the machine."""
    told = _ADDRESS.sub("", reason)
    return next((kind for kind, pattern in _patterns() if pattern.search(told)), OTHER)


def failure_kinds() -> tuple[str, ...]:
    return (*(kind for kind, _ in _patterns()), OTHER)
