"""Affiliations to organisations and countries; every address is invented."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.affiliations import MOST_ORGANISATIONS, affiliation_country, read_affiliations, split_addresses


@pytest.mark.parametrize(
    ("text", "organisations", "countries"),
    [
        ("Department of Physics, Tsinghua University, Beijing 100084, China.", ("Tsinghua University",), ("CN",)),
        ("Institute of Examples, Chinese Acad. Sci., Nowhere", ("Chinese Academy of Sciences",), ("CN",)),
        ("School of Nothing, University of Nowhere, Oslo, Norway", ("University of Nowhere",), ("NO",)),
        ("Nowhere Robotics, Inc, Woburn, MA 01801", ("Nowhere Robotics, Inc",), ("US",)),
        ("Dept. of Sums, Invented Cancer, Victoria, BC V8R 6V5, Canada", ("Invented Cancer",), ("CA",)),
        (
            "Department of A, Hospital of B, C Cancer Institute, and D Medical School, Boston, MA, USA",
            ("Hospital of B", "C Cancer Institute", "D Medical School"),
            ("US",),
        ),
        (
            "University of A, Amman, Jordan; Hospital of B, Utrecht, The Netherlands",
            ("University of A", "Hospital of B"),
            ("JO", "NL"),
        ),
        (
            "University of A, Lyon, France. University of B, Kyoto, Japan.",
            ("University of A", "University of B"),
            ("FR", "JP"),
        ),
        ("清华大学物理系，北京 100084", ("Tsinghua University",), ("CN",)),
        ("中国科学院某研究所，合肥", ("Chinese Academy of Sciences",), ("CN",)),
        ("中国科学院大学，北京", ("University of Chinese Academy of Sciences",), ("CN",)),
        ("模拟大学附属医院，南京，中国", ("模拟大学附属医院",), ("CN",)),
        ("深圳市模拟机器人有限公司，深圳", ("深圳市模拟机器人有限公司",), ("CN",)),
        ("香港科技大学，香港", ("Hong Kong University of Science and Technology",), ("HK",)),
        ("Norway", (), ("NO",)),
        ("An unheard-of body", ("An unheard-of body",), ()),
        ("", (), ()),
    ],
)
def test_an_affiliation_gives_organisations_and_countries(
    text: str, organisations: tuple[str, ...], countries: tuple[str, ...]
) -> None:
    found = read_affiliations([text])
    assert (found.organisations, found.countries) == (organisations, countries)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Nowhere College, Some Town, NY", "US"),
        ("Nowhere College, Some Town, Pennsylvania", "US"),
        ("Nowhere College, Some Town, Florida 32615, United States", "US"),
        ("Nowhere College, Some Town, CA", None),
        ("Nowhere College, Some Town, CA 94305", "US"),
        ("Institute of California Nothing, Some Town, CA", "US"),
        ("Nowhere College, Toronto, CA", None),
        ("Invented College, Atlanta, Georgia", "US"),
        ("Invented College, Tbilisi, Georgia", "GE"),
        ("Invented College, Some Town, Georgia", None),
        ("Invented College, Hong Kong SAR, China", "HK"),
        ("Chinese University of Hong Kong, China", "CN"),
        ("Invented College, Macau, People's Republic of China", "MO"),
        ("Invented College, Taipei, Taiwan", "TW"),
        ("Invented College, Sakarya 54054 Turkey", "TR"),
        ("University of New England, Armidale", None),
        ("Nowhere Hospital, Sweden (alumna)", "SE"),
        ("Department of Nothing, Wuhan (A.B., C.-D.E.) - China (W.S.)", "CN"),
        ("Some Division, U.S. Centers for Nothing, USA", "US"),
        ("模拟研究所，台湾", "TW"),
        ("模拟研究所", None),
    ],
)
def test_the_country_is_told_or_left_open(text: str, code: str | None) -> None:
    assert affiliation_country(text) == code


def test_a_known_organisation_tells_its_country_where_the_address_does_not() -> None:
    assert read_affiliations(["Department of Sums, Zhejiang University"]).countries == ("CN",)
    assert read_affiliations(["Centre of Sums, Chinese University of Hong Kong, China"]).countries == ("HK",)


def test_spellings_of_one_organisation_and_repeats_are_one() -> None:
    found = read_affiliations(
        ["Tsinghua Univ., Beijing, China", "清华大学，北京", "TSINGHUA UNIVERSITY, Beijing, PR China"]
    )
    assert found.organisations == ("Tsinghua University",)
    assert found.countries == ("CN",)


def test_full_stops_within_an_address_do_not_part_it() -> None:
    text = "St. Nowhere Hospital, Dept. of Sums, Some Town, P. R. China. U.S. Institute of Sums, USA"
    assert list(split_addresses(text)) == [
        "St. Nowhere Hospital, Dept. of Sums, Some Town, P. R. China.",
        "U.S. Institute of Sums, USA",
    ]


def test_absurd_numbers_of_organisations_are_cut_and_counted() -> None:
    found = read_affiliations([f"University of Place {number}" for number in range(MOST_ORGANISATIONS + 7)])
    assert (len(found.organisations), found.left_out) == (MOST_ORGANISATIONS, 7)


@given(st.lists(st.text(max_size=200), max_size=4))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read(texts: list[str]) -> None:
    found = read_affiliations(texts)
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in found.countries)
    assert len(set(found.countries)) == len(found.countries)
    assert all(name.strip() for name in found.organisations)


@pytest.mark.parametrize("text", ["(A." * 5000, "a, " * 20_000, "(((" * 5000, "1 " * 10_000, "x. " * 5000, "大" * 9000])
def test_hostile_text_takes_no_time(text: str) -> None:
    start = time.process_time()
    read_affiliations([text])
    assert time.process_time() - start < 1.0
