"""Damage to the body of an answer, in whatever format it is: XML of several kinds or JSON."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

Change = Callable[[bytes, bytes], bytes]
"""From the right body, and the right body of the answer before, to the damaged one; itself where it does not apply."""
SKEW = timedelta(days=400)
_ENTRY = re.compile(
    rb"<record>.*?</record>\n?|<header[ >].*?</header>\n?|<entry[ >].*?</entry>\s*|<item[ >].*?</item>\s*"
    rb"|<exchange-document[ >].*?</exchange-document>\s*",
    re.DOTALL,
)
_TITLE = re.compile(rb"<(?:\w+:)?(?:title|invention-title)\b[^>]*>|\"title\"\s*:\s*\"")
_OAI_CLOCK = re.compile(rb"(?<=<responseDate>)[^<]+")


def _records(body: bytes) -> list[Any] | None:
    """The longest list of objects in a JSON document, in place; None where there is none."""
    try:
        top = json.loads(body)
    except ValueError:
        return None
    found: list[tuple[int, list[Any]]] = []
    todo, depth = [top], 0
    while todo and depth < 6:
        lists = [value for value in todo if isinstance(value, list)]
        found += [(len(value), value) for value in lists if value and isinstance(value[0], dict)]
        todo = [inner for value in todo for inner in (value.values() if isinstance(value, dict) else ())]
        depth += 1
    if not found:
        return None
    return [top, max(found, key=lambda pair: pair[0])[1]]


def _in_json(body: bytes, change: Callable[[list[Any]], None]) -> bytes:
    found = _records(body)
    if found is None:
        return body
    top, records = found
    change(records)
    return json.dumps(top, ensure_ascii=False).encode()


def _truncated(body: bytes, previous: bytes) -> bytes:
    return body[: len(body) * 3 // 5]


def _duplicate(body: bytes, previous: bytes) -> bytes:
    before, here = list(_ENTRY.finditer(previous)), _ENTRY.search(body)
    if before and here is not None:
        return body[: here.start()] + before[-1].group() + body[here.start() :]
    earlier = _records(previous)
    last = earlier[1][-1] if earlier else None
    return _in_json(body, lambda records: records.insert(0, last or records[-1]))


def _missing(body: bytes, previous: bytes) -> bytes:
    here = list(_ENTRY.finditer(body))
    if not here:
        return _in_json(body, lambda records: records.pop(len(records) // 2))
    lost = here[len(here) // 2]
    return body[: lost.start()] + body[lost.end() :]


def _empty_page(body: bytes, previous: bytes) -> bytes:
    return _ENTRY.sub(b"", body) if _ENTRY.search(body) else _in_json(body, list.clear)


def _wrong_encoding(body: bytes, previous: bytes) -> bytes:
    return _TITLE.sub(lambda match: match.group() + "Ångström naïveté ".encode("latin-1"), body, count=1)


def _with_entities(definitions: str, name: str) -> Change:
    def change(body: bytes, previous: bytes) -> bytes:
        head, mark, rest = body.partition(b"?>")
        if not mark:
            return body
        doctype = f"?>\n<!DOCTYPE {_root(rest)} [\n{definitions}]>".encode()
        return head + doctype + _TITLE.sub(lambda match: match.group() + f"&{name};".encode(), rest, count=1)

    return change


def _root(xml: bytes) -> str:
    found = re.search(rb"<([A-Za-z][\w:.-]*)", xml)
    return found[1].decode() if found else "OAI-PMH"


def _skewed(body: bytes, previous: bytes) -> bytes:
    return _OAI_CLOCK.sub(lambda match: _earlier(match.group()), body, count=1)


def _earlier(clock: bytes) -> bytes:
    return (datetime.fromisoformat(clock.decode()) - SKEW).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


_LAUGHS = '<!ENTITY lol "lol">\n<!ENTITY lol0 "&lol;">\n' + "".join(
    f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">\n' for n in range(1, 10)
)
CHANGES: Mapping[str, Change] = {
    "truncated": _truncated,
    "duplicate": _duplicate,
    "missing": _missing,
    "empty_page": _empty_page,
    "wrong_encoding": _wrong_encoding,
    "billion_laughs": _with_entities(_LAUGHS, "lol9"),
    "external_entity": _with_entities('<!ENTITY secret SYSTEM "file:///etc/hostname">\n', "secret"),
    "clock_skew": _skewed,
    "empty": lambda body, previous: b"",
}
