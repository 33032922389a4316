"""What was planted in a simulated world, as data: one file for the plan, one line an item for the labels."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from scrapers.replay.planting import describe_plan
from scrapers.replay.prose import templates
from scrapers.replay.simulated import SimulatedWorld


def truth(world: SimulatedWorld) -> dict[str, Any]:
    """Planted growth (per cent a year over the last 52 weeks) and roles of areas, overtaking, outage and new term."""
    plan, term = world.plan, templates()["new_term"]
    silent_from, silent_until = world.outages[0]
    return {
        "world": world.notice,
        "seed": world.seed,
        "items_per_week": world.items_per_week,
        "items": world.items,
        "taxonomy": world.taxonomy_version,
        "first_week": str(world.first_week),
        "last_week": str(world.last_week),
        "areas": describe_plan(plan),
        "collections": {name: _collection(one) for name, one in _collections(world).items()},
        "overtaking": _overtaking(world),
        "new_term": {
            "term": term["en"][0],
            "variants": [*term["en"], *term["zh"]],
            "first_week": str(world.first_week + plan.term_week),
            "share_last_week": round(float(plan.shares[-1, plan.new_term]), 6),
        },
        "outage": {
            "week": str(world.outage_week),
            "silent_from": _stamp(silent_from),
            "silent_until": _stamp(silent_until),
        },
    }


def labels(world: SimulatedWorld) -> Iterator[dict[str, Any]]:
    """The expected labels of every item, by week; `near_miss` names the area that was narrowly left out on purpose."""
    for item in range(world.items):
        matter = world.matter(item)
        yield {
            "id": f"arxiv:{world.item_id(item)}",
            "week": str(world.week_of(item)),
            "areas": sorted(matter.areas),
            "routes": [f"{area}/{route}" for area, route in matter.routes],
            "near_miss": matter.near_miss,
            "new_term": matter.new_term,
            "language": matter.language,
            "withdrawn": world.is_withdrawn(item),
        }


def works(world: SimulatedWorld) -> Iterator[dict[str, Any]]:
    """Works that stand under several ids by the end of the last week: with the day of each id, and what joins which.

    `joins` are [id, id, how]: `doi` the same one in both; `article` the preprint names it once it is out, so that who
    read the preprint before and not since is told by the title alone, if it is the same; `title` only title, first
    author and year tell; `family`; `publication` the same document from two offices' feeds.
    """
    from scrapers.replay.same_works import families, same_works

    end = world.last_week.sunday
    for each in (*same_works(world, end), *families(world, end)):
        if len(each["ids"]) > 1:
            yield each


def write_works(world: SimulatedWorld, file: Path) -> None:
    """Write the works of several ids as JSONL."""
    with file.open("w", encoding="utf-8") as out:
        for work in works(world):
            out.write(json.dumps(work, ensure_ascii=False, sort_keys=True) + "\n")


def _collections(world: SimulatedWorld) -> dict[str, SimulatedWorld]:
    named = {"literature": world.literature, "inventions": world.inventions}
    return {name: one for name, one in named.items() if isinstance(one, SimulatedWorld)}


def _collection(world: SimulatedWorld) -> dict[str, Any]:
    """Of the works by their first publication; grants follow applications by one or two years."""
    return {"items": world.items, "first_week": str(world.first_week), "areas": describe_plan(world.plan)}


def write_truth(world: SimulatedWorld, file: Path) -> None:
    """Write the plan as JSON."""
    text = json.dumps(truth(world), ensure_ascii=False, indent=2, sort_keys=True)
    file.write_text(text + "\n", encoding="utf-8")


def write_labels(world: SimulatedWorld, file: Path) -> None:
    """Write the labels as JSONL."""
    with file.open("w", encoding="utf-8") as out:
        for label in labels(world):
            out.write(json.dumps(label, ensure_ascii=False, sort_keys=True) + "\n")


def _overtaking(world: SimulatedWorld) -> dict[str, str] | None:
    planted = world.plan.overtaking
    if planted is None:
        return None
    return {
        "area": planted.area,
        "group": planted.group,
        "overtaken": planted.loser,
        "overtaking": planted.winner,
        "crossing_week": str(world.first_week + planted.crossing_week),
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
