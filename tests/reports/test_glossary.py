"""Every word of a fixed table, and every name of the taxonomy, that a brief shows is explained as it is shown."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from horizon.errors import RenderError
from reports.facts import Text
from reports.glossary import GLOSSARY, load_glossary
from reports.language import language
from reports.policy import source_words
from taxonomy.load import load_taxonomy

TABLES = ("sector", "tier", "verdict", "verdict_short", "status", "group", "noun", "kind", "side", "grade", "reach",
          "cause", "light", "world", "signal_tier", "convergence", "quantity", "failure", "tier_name")  # fmt: skip
"""Tables of words/*.yml whose words are terms; the others are phrases."""
CHANGES = ("first_issue", "model_changed", "taxonomy_changed", "not_scored", "same")


def as_shown(text: str) -> str:
    """A word without the number that stands before or after it."""
    return re.sub(r"^\d\s", "", re.sub(r"\s*\{n\}\s*", "", text))


def of_the_words() -> Iterator[tuple[str, Text]]:
    en, zh = language("en").words, language("zh").words
    for table in TABLES:
        for key, word in en[table].items():
            yield f"{table}.{key.replace(' ', '_')}", Text(en=as_shown(word), zh=as_shown(zh[table][key]))
    for key in CHANGES:
        yield f"change.{key}", Text(en=en["change"][key], zh=zh["change"][key])
    for key, forms in en["units"].items():
        shown = Text(en=as_shown(forms["other"]), zh=as_shown(zh["units"][key]["other"]))
        if shown.en:
            yield f"unit.{key}", shown
    for key, name in source_words().names.items():
        yield f"source.{key}", name


def of_the_taxonomy() -> Iterator[tuple[str, Text]]:
    for area in load_taxonomy().areas:
        yield f"area.{area.id}", Text(en=area.name.en, zh=area.name.zh)
        for aspect in area.lens:
            yield f"lens.{aspect.id}", Text(en=aspect.name.en, zh=aspect.name.zh)
        for group in area.route_groups:
            yield f"route_group.{area.id}.{group.id}", Text(en=group.name.en, zh=group.name.zh)
            for route in group.routes:
                yield f"route.{area.id}.{route.id}", Text(en=route.name.en, zh=route.name.zh)


def test_every_term_of_a_brief_is_explained_as_it_is_shown() -> None:
    held = {term.id: term.name for term in load_glossary()}
    shown = dict([*of_the_taxonomy(), *of_the_words()])
    assert len(shown) > 200
    assert sorted(shown.keys() - held.keys()) == []
    assert {key: held[key] for key, text in shown.items() if held[key] != text} == {}


def test_nothing_is_explained_that_is_no_more() -> None:
    shown = {key for key, _ in (*of_the_taxonomy(), *of_the_words())}
    kinds = {key.split(".", 1)[0] for key in shown} - {"unit"}
    assert [term.id for term in load_glossary() if term.kind in kinds and term.id not in shown] == []


def test_the_glossary_is_large_and_says_each_thing_once() -> None:
    terms = load_glossary()
    assert len(terms) >= 300
    assert len({term.means.en for term in terms}) == len(terms)
    assert len({term.means.zh for term in terms}) == len(terms)


def test_likelihood_has_all_fourteen_words_of_icd_203_with_their_bounds() -> None:
    words = {term.en: term.means.en for term in load_glossary() if term.kind == "likelihood"}
    bounds = {
        "1 to 5%": {"almost no chance", "remote"},
        "5 to 20%": {"very unlikely", "highly improbable"},
        "20 to 45%": {"unlikely", "improbable"},
        "45 to 55%": {"roughly even chance", "roughly even odds"},
        "55 to 80%": {"likely", "probable"},
        "80 to 95%": {"very likely", "highly probable"},
        "95 to 99%": {"almost certain", "nearly certain"},
    }
    told = {bound: {word for word, means in words.items() if f" {bound}" in means} for bound in bounds}
    assert told == bounds


def test_briefs_use_the_first_row_of_icd_203_as_the_glossary_has_it() -> None:
    held = {term.id: term.name for term in load_glossary() if term.kind == "likelihood"}
    en, zh = language("en").words["likelihood"], language("zh").words["likelihood"]
    shown = {f"likelihood.{key}": Text(en=word, zh=zh[key]) for key, word in en.items()}
    assert len(shown) == 7
    assert {key: held.get(key) for key in shown} == shown


PHRASES = {
    "80% interval": "method.interval_80", "false-discovery rate": "method.false_discovery_rate",
    "forecast": "method.forecast", "trend": "method.current_trend", "route label": "method.route_label",
    "classifier": "method.classifier", "taxonomy": "method.taxonomy", "Brier score": "method.brier_score",
    "base rate": "method.base_rate", "ledger": "method.forecast_ledger", "converge": "method.convergence",
    "cut-off": "method.cut_off", "momentum": "method.momentum", "state-space model": "method.state_space_model",
    "run hash": "method.run_hash", "signal": "method.weak_signal", "main source": "method.leading_source",
    "unknown weeks": "method.unknown_week", "utility model": "kind.utility_model", "sentence encoder":
    "method.sentence_encoder", "expert group": "policy.expert_group", "interval": "method.interval",
    "adjustment": "method.tier_adjustment", "similarity": "method.cosine_similarity", "replay": "method.replay",
}  # fmt: skip
"""Technical phrases that templates and labels use, and where each is explained."""


def test_technical_phrases_of_the_templates_are_explained() -> None:
    held = {term.id for term in load_glossary()}
    words = language("en").words
    text = " ".join([*words["statements"].values(), *words["labels"].values()]).casefold()
    assert sorted(phrase for phrase in PHRASES if phrase.casefold() not in text) == []
    assert sorted(set(PHRASES.values()) - held) == []


def test_policy_wording_is_kept() -> None:
    held = {term.id: term for term in load_glossary()}
    wording = {"1": ("develop and expand", "发展壮大"), "2": ("accelerate cultivation", "加快培育"),
               "3": ("speed up layout", "加紧布局")}  # fmt: skip
    for tier, (en, zh) in wording.items():
        assert en in held[f"tier.{tier}"].means.en
        assert zh in held[f"tier.{tier}"].means.zh


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"zh": None}, "zh"),
        ({"id": "area.quantum_technology"}, "found twice: area.quantum_technology"),
        ({"means": {"en": "No full stop", "zh": "有句号。"}}, "means.en"),
    ],
)
def test_a_faulty_glossary_is_refused_with_what_is_wrong(tmp_path: Path, change: dict[str, object], told: str) -> None:
    terms = yaml.safe_load(GLOSSARY.read_text(encoding="utf-8"))
    terms[-1] |= change
    faulty = tmp_path / "glossary.yml"
    faulty.write_text(yaml.safe_dump(terms, allow_unicode=True), encoding="utf-8")
    with pytest.raises(RenderError, match=re.escape(told)):
        load_glossary(faulty)
