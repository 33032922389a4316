"""Precision as experts found it, on labels drawn at random."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.judged import judged_precision
from flows.workspace import Workspace
from horizon.records import Verdict
from horizon.settings import Settings
from store.items import content_sha256
from tests.flows.test_review import FUSION, NOW, QUANTUM, a_label, an_item, scan


def _verdict(work: Workspace, number: int, choice: str, minutes: int = 0, **changes: Any) -> Verdict:
    item = an_item(number)
    values = {
        "item_id": item.id,
        "area": FUSION,
        "choice": choice,
        "expert": "Li",
        "given": NOW + timedelta(minutes=minutes),
        "taxonomy": work.taxonomy.version,
        "model": "model-1",
        "content_sha256": content_sha256(item),
        "sampled": True,
    }
    return Verdict.model_validate({**values, **changes})


def test_precision_is_of_the_random_sample_and_of_what_stands(tmp_path: Path) -> None:
    with Workspace(Settings(data_dir=tmp_path)) as work:
        items = [an_item(number) for number in range(6)]
        scan(work, items, [a_label(work, item, 0.9) for item in items])
        work.store.add_verdicts(
            NOW,
            "0" * 64,
            [
                _verdict(work, 0, "reject"),
                _verdict(work, 0, "accept", 1),
                _verdict(work, 1, "relabel", areas=(FUSION, QUANTUM)),
                _verdict(work, 2, "relabel", areas=(QUANTUM,)),
                _verdict(work, 3, "accept"),
                _verdict(work, 4, "reject", sampled=False),
            ],
        )
        (found,) = judged_precision(work, NOW + timedelta(hours=1))
        assert (found.area, found.model, found.judged, found.right) == (FUSION, "model-1", 4, 3)
        assert found.precision_lo95 == pytest.approx(0.3006, abs=1e-3)
        assert judged_precision(work, NOW - timedelta(hours=1)) == []
