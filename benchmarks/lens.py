"""Whether the sentences flagged for the policy's questions speak of them.

    python -m benchmarks.lens          measure on the test half and write results/lens.md
    python -m benchmarks.lens --fit    learn nlp/lens_weights.json from the train half, then measure

`lens_judgements.jsonl` holds what a reader said of sentences of labelled items: item, area, field, offsets, the
aspects of which the sentence speaks (all others of the area's: no), the half of its item, and how many sentences of
the labelled items it stands for, because rare aspects were drawn more often. No text is kept: it is read from the
labelled items (HORIZON_SHARED_DATA or ../shared/data).
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.labels import SHARED
from horizon.errors import UsageError
from nlp.features import Document
from nlp.labelled import read_labels
from nlp.lens import FEATURES, LISTED_FROM, Flag, LensReader, probability
from nlp.normalize import Normalized, normalize
from taxonomy.load import Taxonomy, load_taxonomy

HERE = Path(__file__).parent
JUDGEMENTS = HERE / "lens_judgements.jsonl"
RESULT = HERE / "results" / "lens.md"
WEIGHTS = HERE.parent / "nlp" / "lens_weights.json"
_STRENGTH = 0.3
"""Inverse of the ridge on the weights, by ten-fold cross-validation over items."""
_BINS = 10


@dataclass(frozen=True)
class Case:
    """One judged sentence for one aspect."""

    item: str
    aspect: str
    half: str
    stands_for: float
    right: bool
    flag: Flag | None
    """None where no pattern stands in the sentence."""

    @property
    def probability(self) -> float:
        return 0.0 if self.flag is None else probability(self.aspect, self.flag.features)

    @property
    def shown(self) -> bool:
        return self.probability >= LISTED_FROM


def main() -> None:
    """Learn the weights if asked, measure, and write the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.lens", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fit", action="store_true", help="learn the weights from the train half first")
    cases = read_cases()
    if parser.parse_args().fit:
        _write_weights([case for case in cases if case.half == "train"])
    report = "\n\n".join(_report(cases)) + "\n"
    RESULT.write_text(report, encoding="utf-8")
    print(report)


def read_cases() -> list[Case]:
    """Every judged sentence, once for each aspect of its area's lens."""
    folder = SHARED / "labels"
    if not folder.is_dir():
        raise UsageError(f"expected labelled items in {folder}, found no folder; set HORIZON_SHARED_DATA")
    rows = {name: read_labels(folder / f"{name}.jsonl")[0] for name in ("train", "dev", "dev_zh")}
    english = {row.document.id: row.document for name in ("train", "dev") for row in rows[name]}
    chinese = {row.document.id: row.document for row in rows["dev_zh"]}
    taxonomy = load_taxonomy()
    reader = LensReader(taxonomy)
    cases: list[Case] = []
    for line in JUDGEMENTS.read_text(encoding="utf-8").splitlines():
        judged = json.loads(line)
        document = (chinese if judged["half"] == "zh" else english)[judged["id"]]
        cases += _cases(judged, document, taxonomy, reader)
    return cases


def _cases(judged: dict[str, object], document: Document, taxonomy: Taxonomy, reader: LensReader) -> Iterable[Case]:
    title, abstract = normalize(document.title), normalize(document.abstract or "")
    text = title if judged["field"] == "title" else abstract
    area = str(judged["area"])
    found = {
        flag.aspect: flag
        for flag in reader.flags(title, abstract, area)
        if flag.field == judged["field"] and _begin(text, flag) == judged["begin"]
    }
    yes = judged["yes"]
    assert isinstance(yes, list)
    for part in taxonomy.area(area).lens:
        stands_for = float(str(judged["stands_for"]))
        half = str(judged["half"])
        yield Case(document.id, part.id, half, stands_for, part.id in yes, found.get(part.id))


def _begin(text: Normalized, flag: Flag) -> int:
    return text.span(flag.first, flag.last)[0]


def _write_weights(cases: Sequence[Case]) -> None:
    from sklearn.linear_model import LogisticRegression

    found = [case for case in cases if case.flag is not None]
    aspects = sorted({case.aspect for case in cases})
    model = LogisticRegression(C=_STRENGTH, max_iter=5000, tol=1e-8)
    model.fit([_row(case, aspects) for case in found], [case.right for case in found])
    weights = [round(float(each), 3) for each in model.coef_[0]]
    content = {
        "about": "Log-odds that a sentence speaks of an aspect; python -m benchmarks.lens --fit",
        "judged": {"file": JUDGEMENTS.name, "sha256": _train_hash(), "sentences_for_an_aspect": len(found)},
        "intercept": round(float(model.intercept_[0]), 3),
        "features": dict(zip(FEATURES, weights, strict=False)),
        "aspects": dict(zip(aspects, weights[len(FEATURES) :], strict=True)),
    }
    WEIGHTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    from nlp.lens import shipped_weights

    shipped_weights.cache_clear()


def _row(case: Case, aspects: Sequence[str]) -> list[float]:
    assert case.flag is not None
    return [*map(float, case.flag.features), *(float(case.aspect == each) for each in aspects)]


def _train_hash() -> str:
    lines = [each for each in JUDGEMENTS.read_bytes().splitlines() if b'"half": "train"' in each]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _report(cases: Sequence[Case]) -> Iterable[str]:
    yield _INTRODUCTION
    test = [case for case in cases if case.half == "test"]
    yield f"## Test half\n\n{_table(test)}"
    yield _BEFORE
    yield f"## Reliability, test half\n\n{_reliability(test)}"
    yield f"## Chinese\n\n{_table([case for case in cases if case.half == 'zh'])}"
    yield f"## Train half (its patterns and weights come from here)\n\n{_table(_of(cases, 'train'))}"
    yield _TRIED


def _of(cases: Sequence[Case], half: str) -> list[Case]:
    return [case for case in cases if case.half == half]


def _table(cases: Sequence[Case]) -> str:
    head = "| aspect | judged | yes | shown | precision | recall | calibration error |\n|---|---|---|---|---|---|---|"
    aspects = list(dict.fromkeys(case.aspect for case in cases))
    lines = [_line(each, [case for case in cases if case.aspect == each]) for each in aspects]
    return "\n".join([head, *lines, _line("**all**", cases)])


def _line(name: str, cases: Sequence[Case]) -> str:
    shown = [case for case in cases if case.shown]
    right = [case for case in cases if case.right]
    cells = [
        name,
        str(len(cases)),
        str(len(right)),
        str(len(shown)),
        share([case.stands_for for case in shown], [case.right for case in shown]),
        share([case.stands_for for case in right], [case.shown for case in right]),
        f"{calibration(cases):.3f}",
    ]
    return f"| {' | '.join(cells)} |"


def share(weights: Sequence[float], hits: Sequence[bool]) -> str:
    """Weighted share with Wilson's 90 % interval at the effective sample size (Kish: square of sum over sum of
    squares); a dash for nothing."""
    if not weights:
        return "-"
    w, x = np.array(weights), np.array(hits, dtype=float)
    p, n = float(w @ x / w.sum()), float(w.sum() ** 2 / (w @ w))
    z = 1.645
    middle, spread = (p + z * z / (2 * n)) / (1 + z * z / n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = middle - spread / (1 + z * z / n), middle + spread / (1 + z * z / n)
    return f"{p:.2f} ({max(low, 0):.2f} to {min(high, 1):.2f})"


def calibration(cases: Sequence[Case]) -> float:
    """Expected calibration error over the sentences in which a pattern stands, ten bins, weighted."""
    found = [case for case in cases if case.flag is not None]
    total = sum(case.stands_for for case in found)
    bins: dict[int, list[Case]] = {}
    for case in found:
        bins.setdefault(min(int(case.probability * _BINS), _BINS - 1), []).append(case)
    gaps = (abs(sum(case.stands_for * (case.right - case.probability) for case in each)) for each in bins.values())
    return sum(gaps) / total if total else 0.0


def _reliability(cases: Sequence[Case]) -> str:
    lines = ["| probability said | sentences | mean said | were right |", "|---|---|---|---|"]
    found = [case for case in cases if case.flag is not None]
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01)):
        each = [case for case in found if low <= case.probability < high]
        if each:
            w = [case.stands_for for case in each]
            said = sum(case.stands_for * case.probability for case in each) / sum(w)
            was = share(w, [case.right for case in each])
            lines.append(f"| {low:.1f} to {min(high, 1):.1f} | {len(each)} | {said:.2f} | {was} |")
    return "\n".join(lines)


_INTRODUCTION = "# Lens\n"
_BEFORE = ""
_TRIED = ""


if __name__ == "__main__":
    main()
