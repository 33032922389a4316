"""arXiv's sets: from categories to set names and back (feeds-arxiv-lifescience.md section 1.3)."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True)
class Categories:
    """All categories with their OAI sets."""

    set_names: dict[str, str]
    """Set to its full name, groups first, then archives, then categories: the order of ListSets."""
    members: dict[str, frozenset[str]]
    """Set to the categories that put a paper into it, other names of them included."""
    set_of: dict[str, str]
    """Category to its set, inactive ones included."""
    full_names: dict[str, str]
    aliases: dict[str, str]
    """Both directions."""

    def sets_of(self, categories: str, with_aliases: bool = True) -> list[str]:
        """Sets that a paper's header shows, in the order of its categories.

        The server adds other names in ListRecords and GetRecord, and forgets them in ListIdentifiers
        (https://github.com/arXiv/oaipmh, create_records.py).
        """
        found: dict[str, None] = {}
        for category in categories.split():
            names = [category, self.aliases.get(category)] if with_aliases else [category]
            found.update(dict.fromkeys(self.set_of[name] for name in names if name in self.set_of))
        return list(found)


@cache
def categories() -> Categories:
    """The shipped list."""
    text = files("scrapers.replay").joinpath("arxiv_categories.yml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    aliases = data["aliases"] | {new: old for old, new in data["aliases"].items()}
    groups: dict[str, str] = {}
    archives: dict[str, str] = {}
    leaves: dict[str, str] = {}
    set_of: dict[str, str] = {}
    names: dict[str, str] = {}
    contents: dict[str, set[str]] = {}
    for group, group_data in data["groups"].items():
        groups[group] = group_data["name"]
        for archive, archive_data in group_data["archives"].items():
            place = f"{group}:{archive}"
            archives[place] = archive_data["name"]
            inner = {f"{archive}.{suffix}": name for suffix, name in archive_data.get("categories", {}).items()}
            leaves |= {f"{place}:{category.split('.')[1]}": name for category, name in inner.items()}
            set_of |= {category: f"{place}:{category.split('.')[1]}" for category in inner} | {archive: place}
            names |= inner | {archive: archive_data["name"]}
            _fill(contents, group, place, [*inner, archive])
    members = {name: frozenset(c | {aliases[x] for x in c if x in aliases}) for name, c in contents.items()}
    return Categories(groups | archives | leaves, members, set_of, names, aliases)


def is_category(word: str) -> bool:
    """Whether arXiv has or had a category of this name."""
    return word in categories().set_of


def _fill(contents: dict[str, set[str]], group: str, place: str, found: list[str]) -> None:
    for category in found:
        for name in (group, place):
            contents.setdefault(name, set()).add(category)
        if "." in category:
            contents.setdefault(f"{place}:{category.split('.')[1]}", set()).add(category)
