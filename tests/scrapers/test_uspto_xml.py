"""USPTO documents of all formats to Items: golden files, genuine files, left-over fields, hostile and damaged input."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers import xml_parts
from scrapers.parsers.uspto_xml import parse_items
from scrapers.source import load_source

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(
    path
    for source in ("uspto_grants", "uspto_applications")
    for path in (FIXTURES / source).iterdir()
    if not path.name.endswith(".expected.json")
)
WEEK = (FIXTURES / "uspto_grants" / "week.xml").read_bytes()


def parse(data: bytes) -> list[Item | Issue]:
    return list(parse_items(io.BytesIO(data)))


def items(found: list[Item | Issue]) -> list[Item]:
    return [one for one in found if isinstance(one, Item)]


def issues(found: list[Item | Issue]) -> list[Issue]:
    return [one for one in found if isinstance(one, Issue)]


def document(
    number: str = "12900001",
    kind: str = "B2",
    day: str = "20260310",
    title: str = "SIMULATED",
    more: str = "",
    abstract: str = "SIMULATED. Invented.",
    head: str = "",
) -> bytes:
    """One invented grant."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v47-2022-02-17.dtd" [ {head}]>\n'
        '<us-patent-grant lang="EN" country="US" date-produced="20260218"><us-bibliographic-data-grant>'
        f"<publication-reference><document-id><country>US</country><doc-number>{number}</doc-number><kind>{kind}</kind>"
        f'<date>{day}</date></document-id></publication-reference><application-reference appl-type="utility">'
        "<document-id><country>US</country><doc-number>18700001</doc-number><date>20240321</date></document-id>"
        f"</application-reference><invention-title>{title}</invention-title>{more}</us-bibliographic-data-grant>"
        f"<abstract><p>{abstract}</p></abstract><description><p>Not read.</p></description></us-patent-grant>\n"
    ).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_case_gives_what_a_person_has_approved(case: Path) -> None:
    with case.open("rb") as stream:
        found = [json.loads(one.model_dump_json(exclude_defaults=True)) for one in parse_items(stream)]
    expected = case.with_name(case.name + ".expected.json")
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


# ---- genuine files ---------------------------------------------------------------------------------------------------


def test_all_genuine_files_are_read(shared_data: Path) -> None:
    found: dict[str, list[Item | Issue]] = {}
    for path in sorted((shared_data / "feeds" / "uspto_xml").iterdir()):
        with path.open("rb") as stream:
            found[path.name] = list(parse_items(stream))
    codes = {name: [issue.code for issue in issues(one)] for name, one in found.items() if issues(one)}
    assert codes == {
        "cpc-scheme-A01L.xml": ["root-skipped"],
        "cpcMaster.xml": ["root-skipped"],
        "ipgD0701016.xml": ["design-skipped"],
    }
    kept = [item for one in found.values() for item in items(one)]
    assert len(kept) == len(found) - len(codes) == 12
    assert all(item.abstract and item.codes and item.authors and item.family and item.countries for item in kept)


def test_genuine_files_written_one_after_the_other_give_the_same_items(shared_data: Path) -> None:
    paths = sorted((shared_data / "feeds" / "uspto_xml").glob("*.xml"))
    single = [item for path in paths for item in items(parse(path.read_bytes()))]
    assert items(parse(b"\n".join(path.read_bytes() for path in paths))) == single
    assert len(single) == 11


def test_an_application_its_grant_and_its_search_record_are_one_family(shared_data: Path) -> None:
    feeds = shared_data / "feeds"
    searched = items(parse((feeds / "uspto_odp_json" / "get_patent" / "response.json").read_bytes()))
    (grant,) = items(parse((feeds / "uspto_xml" / "grant_us11646472b2_17248024.xml").read_bytes()))
    assert {item.family for item in [*searched, grant]} == {grant.family}
    assert grant.id in {item.id for item in searched}


# ---- no field unnoticed ----------------------------------------------------------------------------------------------


def _leaves(element: Any, path: str = "") -> Iterator[tuple[str, Any, str | None]]:
    """Every text and attribute below a root: its path, the element, the attribute's name."""
    for name in element.attrib:
        yield f"{path}@{name}", element, name
    if path and element.text and element.text.strip():
        yield path, element, None
    for child in element:
        if isinstance(child.tag, str):
            wrapper = not path and child.tag.startswith("us-bibliographic-data-")
            place = "" if wrapper else f"{path}/{child.tag}".lstrip("/")
            yield from _leaves(child, place) if place else _unwrapped(child)


def _unwrapped(element: Any) -> Iterator[tuple[str, Any, str | None]]:
    for name in element.attrib:
        yield f"@{name}", element, name
    for child in element:
        if isinstance(child.tag, str):
            yield from _leaves(child, child.tag)


def _ignores(path: str, patterns: tuple[str, ...]) -> bool:
    place, _, attribute = path.partition("@")
    if attribute and f"@{attribute}" in patterns:
        return True
    return any(re.match(pattern.replace("*", ".*") + r"(?:/|@|$)", place or path) for pattern in patterns)


def _documents(folder: Path) -> list[bytes]:
    """Each XML document by itself."""
    texts = [path.read_bytes() for path in sorted(folder.glob("*.xml"))]
    parts = [part for text in texts for part in re.split(rb"(?=<\?xml\s)", text) if part.strip()]
    roots = (b"<us-patent-", b"<PATDOC", b"<patent-application-publication")
    return [part for part in parts if any(root in part for root in roots)]


def _changed(data: bytes, root: Any, leaves: list[tuple[Any, str | None]], before: list[str]) -> bool:
    for element, attribute in leaves:
        if attribute is None:
            element.text = "X9" + element.text
        else:
            element.set(attribute, "design" if attribute == "appl-type" else "X9" + element.get(attribute))
    after = [one.model_dump_json() for one in parse(b'<?xml version="1.0"?>' + etree.tostring(root))]
    for element, attribute in leaves:
        if attribute is None:
            element.text = element.text[2:]
        else:
            element.set(attribute, "utility" if attribute == "appl-type" else element.get(attribute)[2:])
    return after != before


def test_every_field_is_used_or_ignored_on_purpose(shared_data: Path) -> None:
    """A field is used when a change of its text changes what comes out, in any of the documents."""
    ignored = load_source("uspto_grants").ignore_fields + load_source("uspto_applications").ignore_fields
    used: set[str] = set()
    genuine: set[str] = set()
    for folder in (FIXTURES / "uspto_grants", FIXTURES / "uspto_applications", shared_data / "feeds" / "uspto_xml"):
        for data in _documents(folder):
            root = etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False, load_dtd=False))
            before = [one.model_dump_json() for one in parse(b'<?xml version="1.0"?>' + etree.tostring(root))]
            places: dict[str, list[tuple[Any, str | None]]] = {}
            for path, element, attribute in _leaves(root):
                if not _ignores(path, ignored):
                    places.setdefault(path, []).append((element, attribute))
            genuine |= places.keys()
            used |= {path for path, leaves in places.items() if _changed(data, root, leaves, before)}
    assert not (genuine - used), "\n".join(sorted(genuine - used))


def test_every_green_book_field_is_used_or_ignored_on_purpose(shared_data: Path) -> None:
    ignored = load_source("uspto_grants").ignore_fields
    used: set[str] = set()
    seen: set[str] = set()
    places = [FIXTURES / "uspto_grants" / "green_book.txt"]
    for path in [*places, *sorted((shared_data / "feeds" / "uspto_xml").glob("*.txt"))]:
        lines = path.read_text(encoding="latin-1").splitlines()
        before = parse("\n".join(lines).encode())
        section = ""
        for number, line in enumerate(lines):
            section = line[:4].strip() if len(line) <= 5 and line.strip() else section
            field = f"{section}/{line[:4].strip()}"
            if line[:4].strip() and len(line) > 5 and not _ignores(field, ignored):
                seen.add(field)
                changed = [*lines[:number], line[:5] + "X9" + line[5:], *lines[number + 1 :]]
                used |= {field} if parse("\n".join(changed).encode()) != before else set()
    assert not (seen - used), sorted(seen - used)


# ---- a weekly file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_where_the_chunks_end_makes_no_difference(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parse(WEEK)
    monkeypatch.setattr(xml_parts, "CHUNK", chunk)
    assert parse(WEEK) == whole


def test_documents_may_follow_one_another_without_a_line_break() -> None:
    data = document("12900001").rstrip() + document("12900002").rstrip()
    assert [item.id for item in items(parse(data))] == ["uspto:US.12900001.B2", "uspto:US.12900002.B2"]


def test_a_long_description_is_never_held_in_memory() -> None:
    import tracemalloc

    long = document().replace(b"Not read.", b"Not read. " * 4_000_000)

    class Slow(io.RawIOBase):
        """Gives the document out of nothing that is counted."""

        place = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            part = long[self.place : self.place + len(buffer)]
            buffer[: len(part)] = part
            self.place += len(part)
            return len(part)

    tracemalloc.start()
    found = list(parse_items(io.BufferedReader(Slow())))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(items(found)) == 1
    assert peak < 8 << 20 < len(long)


def test_a_record_is_refused_with_a_reason_and_the_next_is_read() -> None:
    wrong = [
        document(number="none"),
        document(kind=""),
        document(day="soon"),
        document(day="20261399"),
        document(title=" "),
        document().replace(b"<country>US</country><doc-number>129", b"<country>EP</country><doc-number>129", 1),
        b'<?xml version="1.0"?><us-patent-grant><other/></us-patent-grant>',
        b'<?xml version="1.0"?><us-patent-grant',
    ]
    found = parse(b"".join(wrong) + document("12900009"))
    assert [issue.code for issue in issues(found) if issue.severity == "error"] == [
        "number-unreadable",
        "number-unreadable",
        "date-unreadable",
        "date-unreadable",
        "title-missing",
        "number-unreadable",
        "document-unreadable",
    ]
    assert [item.id for item in items(found)] == ["uspto:US.12900009.B2"]


def test_a_document_cut_short_after_its_abstract_is_kept_and_told() -> None:
    whole = document()
    found = parse(whole[: whole.index(b"Not read") + 3])
    assert [item.id for item in items(found)] == ["uspto:US.12900001.B2"]
    assert [issue.code for issue in issues(found)] == ["parties-missing", "codes-missing", "document-truncated"]


def test_dates_without_a_day_are_the_first_and_marked() -> None:
    found = parse(document(day="20260000"))
    assert str(items(found)[0].published) == "2026-01-01"
    assert "date-coerced" in [issue.code for issue in issues(found)]


def test_a_latin_1_byte_costs_one_letter_not_the_record() -> None:
    found = parse(document(title="SIMULATED naiXve").replace(b"naiXve", b"na\xefve"))
    assert items(found)[0].title == "SIMULATED na\ufffdve"
    assert "encoding-damaged" in [issue.code for issue in issues(found)]


def test_another_encoding_is_read_as_declared() -> None:
    data = document(title="SIMULATED naïve").decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert items(parse(data))[0].title == "SIMULATED naïve"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ('<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">', "&b;&b;"),
        ('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;"),
        ('<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;', "t"),
    ],
)
def test_an_entity_of_the_document_is_never_expanded(head: str, title: str) -> None:
    (item,) = items(parse(document(head=head, title=f"SIMULATED {title}")))
    assert item.title == f"SIMULATED {title}"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "nothing"),
        (b"   \n", "nothing"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>', "<feed>"),
        (b"no markup at all", "no XML element"),
        (b'{"code":403,"error":"Forbidden"}', "403 Forbidden"),
        (b"{", "JSON"),
        (document().decode().encode("utf-16"), "nothing|no XML"),
    ],
)
def test_what_is_no_file_of_the_uspto_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        parse(data)


# ---- any input -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for sample in (data, document() + data, b"PATN\n" + data, b"{" + data):
        with suppress(ParseError):
            parse(sample)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_file_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    whole = bytearray(case.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    with suppress(ParseError):
        parse(bytes(whole))


@given(st.lists(st.sampled_from([document(f"1290000{n}") for n in range(5)]), min_size=1, max_size=6), st.binary())
@settings(deadline=None, max_examples=60)
def test_a_damaged_document_takes_no_other_with_it(documents: list[bytes], noise: bytes) -> None:
    noise = noise.replace(b"<", b" ")
    broken = b'<?xml version="1.0"?><us-patent-grant>' + noise + b"</us-patent-grant>\n"
    found = items(parse(b"".join(broken + one for one in documents)))
    assert found == [item for one in documents for item in items(parse(one))]


_WORDS = st.text(
    st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff\ufffd")
)


@given(st.lists(_WORDS.filter(lambda word: word.split() == [word]), min_size=1, max_size=8))
@settings(deadline=None, max_examples=100)
def test_plain_text_comes_through_unchanged_but_for_white_space(words: list[str]) -> None:
    from xml.sax.saxutils import escape

    found = items(parse(document(title=escape("\n ".join(words)), abstract=escape("\t".join(words)))))
    assert [(item.title, item.abstract) for item in found] == [(" ".join(words), " ".join(words))]
