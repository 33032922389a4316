"""Names of organisations: joined where they are one, never beyond, and harmless to show."""

import pytest

from trends.organisations import LONGEST_NAME, displayable, names_shanghai, organisation_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Huawei Technologies Co., Ltd.", "HUAWEI TECHNOLOGIES CO LTD"),
        ("The University of Tokyo", "university of  tokyo"),
        ("Société Générale S.A.", "Societe Generale SA"),
        ("华为技术有限公司", "华为技术"),
        ("Fudan University", "复旦大学"),
        ("Univ East China Normal", "华东师范大学"),
        ("ＡＣＭＥ　Inc", "Acme"),
    ],
)
def test_usual_spellings_are_one(one: str, other: str) -> None:
    assert organisation_key(one) == organisation_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("University of Washington", "Washington University"),
        ("Shanghai University", "Shanghai Jiao Tong University"),
        ("复旦大学", "复旦大学附属中山医院"),
        ("Institute of Physics", "Institute of Plasma Physics"),
    ],
)
def test_different_organisations_stay_apart(one: str, other: str) -> None:
    assert organisation_key(one) != organisation_key(other)


def test_a_legal_form_alone_keeps_its_word() -> None:
    assert organisation_key("Inc.") == "inc"
    assert organisation_key("有限公司") == "有限公司"


@pytest.mark.parametrize(
    "name",
    [
        "Shanghai Institute of Microsystem",
        "SHANGHAI JIAOTONG UNIV",
        "上海微技术工业研究院",
        "中国科学院上海光学精密机械研究所",
        "复旦大学",
        "Tongji University",
        "Semiconductor Manufacturing International Corp.",
    ],
)
def test_shanghai_is_known_by_name_or_by_the_list(name: str) -> None:
    assert names_shanghai(["University of Vienna", name])


@pytest.mark.parametrize("names", [[], ["Peking University"], ["清华大学"], ["Hai Shang Xing Ltd"], [""]])
def test_what_does_not_say_shanghai_is_not_taken_for_it(names: list[str]) -> None:
    assert not names_shanghai(names)


def test_a_hostile_name_is_made_harmless() -> None:
    shown = displayable("ACME\u202e\x1b[31m\x00\u200b\n Labs " + "x" * 10_000)
    assert shown.startswith("ACME [31m Labs x")
    assert len(shown) == LONGEST_NAME
    assert shown.endswith("…")
    assert not any(letter in shown for letter in "\u202e\x1b\x00\u200b\n")
    assert organisation_key("AC\u200bME\u202e") == organisation_key("acme")


@pytest.mark.parametrize("name", ["", "   ", "\x00\x01", "\u202e", "...", "---"])
def test_a_name_without_a_word_has_no_key(name: str) -> None:
    assert organisation_key(name) == ""
