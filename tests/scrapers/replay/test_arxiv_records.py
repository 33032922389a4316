"""The record formats and their quirks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.arxiv_records import split_author, tex_to_unicode, text_of
from scrapers.replay.feed import Stage
from scrapers.replay.simulated import SimulatedWorld
from tests.scrapers.replay.conftest import Ask, request_of

WITHDRAWN = {"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.00007"}
OLD = {"verb": "GetRecord", "identifier": "oai:arXiv.org:math-ph/0301012"}


def text(root: etree._Element, name: str) -> str | None:
    return root.findtext(f".//{{*}}metadata//{{*}}{name}")


def test_created_is_the_newest_version_in_one_format_and_v1_is_only_in_the_other(ask: Ask) -> None:
    assert text(ask(**WITHDRAWN, metadataPrefix="arXiv"), "created") == "2026-11-18"
    raw = ask(**WITHDRAWN, metadataPrefix="arXivRaw")
    dates = [(v.get("version"), v.findtext("{*}date")) for v in raw.iter("{*}version")]
    assert dates[0] == ("v1", "Wed, 07 Jan 2026 08:05:09 GMT")
    assert dates[-1] == ("v3", "Wed, 18 Nov 2026 20:00:01 GMT")


def test_a_withdrawn_paper_shows_its_flag_and_a_replaced_abstract(ask: Ask) -> None:
    raw = ask(**WITHDRAWN, metadataPrefix="arXivRaw")
    assert [e.text for e in raw.iter("{*}source_type")] == ["D", "AS", "I"]
    assert text(raw, "abstract") == "This paper has been withdrawn"
    assert "withdrawn" in str(text(raw, "comments"))


def test_the_acm_class_shows_the_msc_class_where_the_server_errs(ask: Ask) -> None:
    shown = {p: text(ask(**OLD, metadataPrefix=p), "acm-class") for p in ("arXiv", "arXivRaw", "arXivOld")}
    assert shown == {"arXiv": "81Q10", "arXivRaw": "81Q10", "arXivOld": "F.2.2"}


def test_tex_accents_stay_raw_in_the_raw_format_only(ask: Ask) -> None:
    assert (
        text(ask(**OLD, metadataPrefix="arXivRaw"), "authors") == r"A. M\"uller, B. van den Berg Jr. and C. S\o rensen"
    )
    split = ask(**OLD, metadataPrefix="arXiv")
    assert [e.text for e in split.iter("{*}keyname")] == ["Müller", "Berg", "Sørensen"]
    assert [e.text for e in split.iter("{*}suffix")] == ["Jr."]
    creators = [e.text for e in ask(**OLD, metadataPrefix="oai_dc").iter("{*}creator")]
    assert creators == ["Müller, A.", "Berg Jr., B. van den", "Sørensen, C."]


def test_dublin_core_has_two_dates_and_both_addresses(ask: Ask) -> None:
    core = ask(**WITHDRAWN, metadataPrefix="oai_dc")
    assert [e.text for e in core.iter("{*}date")] == ["2026-01-07", "2026-11-18"]
    names = [e.text for e in core.iter("{http://purl.org/dc/elements/1.1/}identifier")]
    assert names == ["https://arxiv.org/abs/2601.00007", "http://arxiv.org/abs/2601.00007", "doi:10.5555/simulated.7"]


def test_an_absent_abstract_has_no_element(ask: Ask) -> None:
    root = ask(verb="GetRecord", identifier="oai:arXiv.org:2611.09001", metadataPrefix="arXivRaw")
    assert root.find(".//{*}abstract") is None
    assert text(root, "title") == "A SIMULATED study, number 2611.09001"


def test_markup_in_texts_is_escaped(ask: Ask) -> None:
    assert text(ask(**OLD, metadataPrefix="arXivRaw"), "abstract") == (
        "An abstract with <angles> & an ampersand [SIMULATED]"
    )
    assert text_of("a\x00b\x0c\ufffe<") == "ab&lt;"


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"M\"uller", "Müller"),
        (r"M\"{u}ller", "Müller"),
        (r"M{\"u}ller", "Müller"),
        (r"Garc\'{\i}a", "García"),
        (r"Nov\v{s}ak", "Novšak"),
        (r"Gon\c calves", "Gonçalves"),
        (r"H{\aa}kansson", "Håkansson"),
        (r"S\o rensen", "Sørensen"),
        (r"Stra\ss e", "Straße"),
        (r"$\bar x$ and $\rho$ of \beta", r"$\bar x$ and $\rho$ of \beta"),
        ("plain", "plain"),
    ],
)
def test_tex_accents_become_unicode(tex: str, plain: str) -> None:
    assert tex_to_unicode(tex) == plain


def test_names_are_split() -> None:
    assert split_author("J. K. Doe III") == ("Doe", "J. K.", "III")
    assert split_author("Plato") == ("Plato", "", "")


def test_records_satisfy_the_genuine_schemas(simulated: SimulatedWorld, shared_data: Path) -> None:
    stage = Stage(simulated, datetime(2026, 11, 24, 9, tzinfo=UTC))
    for prefix in ("arXivRaw", "arXiv"):
        schema = etree.XMLSchema(etree.parse(shared_data / "feeds" / "arxiv_oai" / f"{prefix}.xsd"))
        request = request_of(verb="ListRecords", metadataPrefix=prefix, since="2026-10-20")
        root = etree.fromstring(ArxivOai().answer(request, stage).body)
        records = list(root.iter(f"{{http://arxiv.org/OAI/{prefix}/}}{prefix}"))
        assert len(records) > 1000
        for record in records:
            schema.assertValid(record)
