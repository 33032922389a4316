"""What the search page looks through: one script with data, since a page opened from a folder may not fetch any."""

import json
from collections.abc import Iterable
from typing import NamedTuple

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class Found(NamedTuple):
    kind: str
    """As the page calls it, in its language."""
    title: str
    href: str
    """Relative to the search page."""
    text: str


def index_script(entries: Iterable[Found]) -> bytes:
    """JavaScript that is safe wherever a script may stand: no text can close it or break a line of it."""
    data = json.dumps([list(entry) for entry in entries], ensure_ascii=False, separators=(",", ":"))
    for char, escape in _ESCAPES.items():
        data = data.replace(char, escape)
    return f"window.horizonIndex={data};\n".encode()
