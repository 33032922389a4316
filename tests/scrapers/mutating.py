"""Damage to raw answers that leaves their form readable: what plain bytes hardly reach, a parser's inner rooms."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

# Values that a field may hold where a parser expects another: types, lengths, numbers and characters.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**30, 1e308, 0.5, "", " ", [], {}, [None], [[]], {"": ""}, [{}]),
    *("0", "-1", "9" * 5000, "x" * 70_000, "\x00", "\ud800", "\u202e\u200b", "<b>&lt;script&gt;", "&#0;&bogus;&"),
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31",
        "99999-01-01",
        "20260230",
        "0001-01-01",
        "NaN",
        "null",
        "\\",
        "{",
        "a" + "̈" * 5000,
    ),
)
_TEXTS = (
    *(b"", b" ", b"0", b"-1", b"9" * 5000, b"x" * 70_000, b"&#0;", b"&#xd800;", b"&bogus;", b"&lt;b&gt;", b"<![CDATA["),
    *(b"2026-02-30", b"0000-00-00", b"9999-12-31", b"00000000", b"20260230", b"NaN", b"\xff\xfe", b"\xe2\x80", b"]]>"),
    *(b"<!-- ", b"<!DOCTYPE x [<!ENTITY e 'y'>]>", b"<?xml version='1.0' encoding='UTF-16'?>", b"<i/>" * 3000),
    *(b"<a>" * 300, b"\n" * 5000, b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59Z"),
    *(
        b"Fri, 31 Dec 9999 23:59:59 -2359",
        b"Mon, 01 Jan 0001 00:00:00 +2359",
        "　中文ß\u202e".encode(),
        b"%s%n",
        b"=" * 3000,
        b"Mon, 99 Foo 20260 25:61:61 +9999",
    ),
)
_TAG = re.compile(rb"</?([A-Za-z][\w:.-]*+)[^<>]*>")
_VALUE = re.compile(rb"=\s*([\"'])[^\"'<>]*\1")


def mutate(data: bytes, seed: int) -> bytes:
    """One to four changes; the same data and seed give the same bytes."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        data = _changed(data, rng)
    return data


def _changed(data: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.1:
        return _bytes(data, rng)
    if data.lstrip()[:1] in (b"{", b"["):
        try:
            document = json.loads(data)
        except ValueError:
            return _bytes(data, rng)
        return json.dumps(_json(document, rng), ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass")
    return _xml(data, rng) if b"<" in data else _lines(data, rng)


def _bytes(data: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    until = min(len(data), at + rng.choice((0, 1, 1, 4, 64, 4096)))
    return data[:at] + rng.choice((b"", bytes([rng.randrange(256)]), rng.choice(_TEXTS))) + data[until:]


def _places(value: Any, found: list[tuple[Any, Any]], depth: int = 0) -> list[tuple[Any, Any]]:
    """Every container with every key in it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        if depth < 50:
            _places(value[key], found, depth + 1)
    return found


def _json(document: Any, rng: random.Random) -> Any:
    places = _places(document, [])
    if not places or rng.random() < 0.01:
        return rng.choice(_VALUES)
    container, key = rng.choice(places)
    other, elsewhere = rng.choice(places)
    match rng.randrange(7):
        case 0 | 1 | 2:
            container[key] = rng.choice(_VALUES)
        case 3:
            container[key] = json.loads(json.dumps(other[elsewhere]))
        case 4 if isinstance(container[key], str):
            text = container[key]
            at = rng.randint(0, len(text))
            container[key] = text[:at] + str(rng.choice(_VALUES)) + text[at:]
        case 5:
            container[key] = [container[key]] * rng.choice((1, 2, 50)) if rng.random() < 0.5 else {"": container[key]}
        case _:
            del container[key]
    return document


def _xml(data: bytes, rng: random.Random) -> bytes:
    tags = list(_TAG.finditer(data))
    if not tags:
        return _bytes(data, rng)
    here, other = rng.choice(tags), rng.choice(tags)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: data[: here.end()] + rng.choice(_TEXTS) + data[here.end() :],
        lambda: data[: here.end()] + rng.choice(_TEXTS) + data[_next(data, here.end()) :],
        lambda: data[: here.start()] + _element(data, other) + data[here.start() :],
        lambda: data.replace(_element(data, here), b"", 1),
        lambda: data.replace(_element(data, here), _element(data, other), 1),
        lambda: data[: here.start(1)] + other[1] + data[here.end(1) :],
        lambda: data[: here.start()] + data[here.end() :],
        lambda: _attribute(data, here, rng),
        lambda: data.replace(_element(data, here), _element(data, here) * rng.choice((2, 30)), 1),
    )
    return rng.choice(ways)()


def _next(data: bytes, at: int) -> int:
    found = data.find(b"<", at)
    return len(data) if found < 0 else found


def _element(data: bytes, tag: "re.Match[bytes]") -> bytes:
    """From a start tag to the next end tag of its name; the tag alone where there is none."""
    end = data.find(b"</" + tag[1] + b">", tag.end())
    closed = tag[0].startswith(b"</") or tag[0].endswith(b"/>") or end < 0
    return tag[0] if closed else data[tag.start() : end + len(tag[1]) + 3]


def _attribute(data: bytes, tag: "re.Match[bytes]", rng: random.Random) -> bytes:
    values = list(_VALUE.finditer(tag[0]))
    if not values:
        return data[: tag.end(1)] + b' a="' + rng.choice(_TEXTS) + b'"' + data[tag.end(1) :]
    value = rng.choice(values)
    at, until = tag.start() + value.start(), tag.start() + value.end()
    return data[:at] + b'="' + rng.choice(_TEXTS).replace(b'"', b"") + b'"' + data[until:]


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at = rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, rng.choice(lines))
        case 2:
            lines[at] = lines[at][: rng.randint(0, len(lines[at]))] + rng.choice(_TEXTS) + b"\n"
        case _:
            lines[at] = rng.choice(lines)
    return b"".join(lines)
