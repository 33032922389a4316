"""Countries and organisations: what is one is called one, what is two stays two."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.affiliations import affiliation_country
from scrapers.parties import country_code, organisation, split_country


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CN", "CN"),
        ("cn", "CN"),
        ("CHN", "CN"),
        ("China", "CN"),
        ("P.R. China", "CN"),
        ("P. R. China", "CN"),
        ("PEOPLE'S REPUBLIC OF CHINA", "CN"),
        ("中国", "CN"),
        ("中华人民共和国", "CN"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States", "US"),
        ("美国", "US"),
        ("UK", "GB"),
        ("England", "GB"),
        ("South Korea", "KR"),
        ("Republic of Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("韩国", "KR"),
        ("Hong Kong", "HK"),
        ("Taiwan", "TW"),
        ("Taiwan, Province of China", "TW"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("The Netherlands", "NL"),
        ("Czechia", "CZ"),
        ("Czech Republic", "CZ"),
        ("Côte d'Ivoire", "CI"),
        ("Russia", "RU"),
        ("Viet Nam", "VN"),
        ("DD", "DE"),
        ("EP", None),
        ("WO", None),
        ("SU", None),
        ("Atlantis", None),
        ("", None),
        ("XX", None),
    ],
)
def test_countries_by_code_and_name(text: str, code: str | None) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Department of Physics, Tsinghua University, Beijing 100084, China.", "CN"),
        ("Institute of Nothing, Hefei, Anhui, P. R. China", "CN"),
        ("Somewhere Hospital, Boston, MA 02115, USA. ann@example.org", "US"),
        ("Nowhere College, London SW7 2AZ, UK", "GB"),
        ("ETH Zürich, 8093 Zürich, Switzerland; ann@example.org.", "CH"),
        ("Univ. of Tokyo, Tokyo, Japan. Electronic address: ann@example.org.", "JP"),
        ("University of Seoul, Seoul, Republic of Korea", "KR"),
        ("中国科学院物理研究所，北京，中国", "CN"),
        ("Stanford University, Stanford, CA", None),
        ("Purdue University, West Lafayette, IN", None),
        ("An institute", None),
        ("", None),
    ],
)
def test_the_country_in_which_an_address_ends(text: str, code: str | None) -> None:
    assert affiliation_country(text) == code


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (["Tsinghua University", "TSINGHUA UNIV", "UNIV TSINGHUA [CN]", "清华大学", "清華大學"], "Tsinghua University"),
        (
            ["Huawei Technologies Co., Ltd.", "HUAWEI TECH CO LTD [CN]", "华为技术有限公司", "Huawei"],
            "Huawei Technologies",
        ),
        (["Chinese Academy of Sciences", "Chinese Acad. Sci.", "中国科学院", "中科院"], "Chinese Academy of Sciences"),
        (
            ["University of Science and Technology of China", "USTC", "中国科学技术大学"],
            "University of Science and Technology of China",
        ),
        (["BYD Company Limited", "比亚迪股份有限公司", "BYD CO LTD"], "BYD"),
        (
            ["Xi'an Jiaotong University", "Xi\u2019an Jiaotong University", "UNIV XIAN JIAOTONG"],
            "Xi'an Jiaotong University",
        ),
        (["ROBERT BOSCH GMBH [DE]", "Robert Bosch GmbH"], "Robert Bosch"),
        (["IBM", "International Business Machines Corporation", "INT BUSINESS MACHINES CORP"], "IBM"),
        (
            ["腾讯科技（深圳）有限公司", "腾讯科技(深圳)有限公司", "Tencent Technology (Shenzhen) Company Limited"],
            "Tencent",
        ),
        (["The University of Tokyo", "UNIV TOKYO", "東京大学"], "University of Tokyo"),
        (["トヨタ自動車株式会社", "TOYOTA MOTOR CO LTD"], "Toyota Motor"),
    ],
)
def test_spellings_of_one_organisation_get_one_name(spellings: list[str], name: str) -> None:
    assert {organisation(text).name for text in spellings} == {name}
    assert len({organisation(text).key for text in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("University of Washington", "Washington University"),
        ("University of Miami", "Miami University"),
        ("Northwestern University", "Northwest University"),
        ("西安电子科技大学", "电子科技大学"),
        ("中国科学院大学", "中国科学技术大学"),
        ("中国科学院", "中国科学院大学"),
        ("Nanjing University", "Nanjing University of Science and Technology"),
        ("Beijing Institute of Technology", "Beijing University of Technology"),
        ("华为技术有限公司", "华为云计算技术有限公司"),
        ("Max Planck Society", "Max Planck Institute for Physics"),
        ("Co Ltd", "Inc"),
    ],
)
def test_different_organisations_stay_different(one: str, other: str) -> None:
    assert organisation(one).key != organisation(other).key
    assert organisation(one).name != organisation(other).name


def test_unknown_organisations_keep_their_own_name_and_fold_only_in_the_key() -> None:
    found = organisation("  Nowhere  Robotics Co., Ltd. [JP] ")
    assert (found.name, found.country) == ("Nowhere Robotics Co., Ltd.", "JP")
    assert found.key == organisation("NOWHERE ROBOTICS INC").key == "nowhere robotics"


def test_known_organisations_tell_country_and_chinese_name() -> None:
    found = organisation("UNIV ZHEJIANG")
    assert (found.country, found.zh) == ("CN", "浙江大学")


def test_brackets_that_hold_no_country_belong_to_the_name() -> None:
    assert split_country("Nowhere Institute [XX]") == ("Nowhere Institute [XX]", None)
    assert split_country("EUROPEAN NOTHING [EP]") == ("EUROPEAN NOTHING", None)


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_text_is_folded_without_a_fault(text: str) -> None:
    found = organisation(text)
    assert organisation(" ".join(text.split())) == found
    assert country_code(text) in (None, country_code(text.upper()), country_code(text.strip()))
    affiliation_country(text)


@given(st.text(alphabet="ABCdefg 大学公司.,&", min_size=1, max_size=40))
@settings(deadline=None, max_examples=200)
def test_the_key_of_a_key_is_itself(text: str) -> None:
    key = organisation(organisation(text).key).key
    assert organisation(key).key == key
