"""A small world of invented papers in which it is known what rises."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from trends.signals.index import TermIndex, build_index
from trends.terms import Paper, WeekTerms, extract_week, week_number

FIRST = date(2020, 1, 6)
WEEKS = 240
AS_OF = FIRST + timedelta(weeks=WEEKS) - timedelta(days=1)
LAST_WEEK = week_number(AS_OF)
_CATEGORIES = ("a.AA", "b.BB", "c.CC", "d.DD")
_A_WEEK = 30


def _word(number: int) -> str:
    consonants, vowels = "bdfgklmnprt", "aeiou"
    letters = []
    for _ in range(4):
        number, place = divmod(number, len(consonants) * len(vowels))
        letters.append(consonants[place % len(consonants)] + vowels[place // len(consonants)])
    return "".join(letters)


def background(seed: int = 1, weeks: int = WEEKS) -> Iterator[Paper]:
    """Papers whose words keep their frequency; 200 authors, four categories."""
    random = np.random.default_rng(seed)
    rates = 1 / (np.arange(300) + 3)
    for week in range(weeks):
        for number in range(_A_WEEK):
            words = [_word(1000 + 37 * int(place)) for place in random.choice(300, 12, p=rates / rates.sum())]
            yield Paper(
                f"sim:{week:03d}.{number:02d}",
                FIRST + timedelta(weeks=week, days=int(random.integers(7))),
                " and ".join(words[:4]),
                " and ".join(words[4:]),
                (f"F. First{random.integers(200)}", f"L. Last{random.integers(200)}"),
                (str(random.choice(_CATEGORIES)),),
            )


def planted(
    phrase: str,
    weeks: Sequence[int],
    *,
    authors: int = 50,
    categories: int = 4,
    title: bool = True,
    name: str = "new",
) -> list[Paper]:
    """One paper about `phrase` in each of these weeks (a week may be given often), weeks counted from FIRST."""
    found = []
    for number, week in enumerate(weeks):
        head = f"On {phrase} for them" if title else "On what is it"
        found.append(
            Paper(
                f"{name}:{number:03d}",
                FIRST + timedelta(weeks=week, days=number % 7),
                head,
                f"We show {phrase} here.",
                (f"N. Newcomer{number % authors}",),
                (_CATEGORIES[number % categories],),
            )
        )
    return found


RISING = (*range(190, 214, 3), *range(214, 240), *range(226, 240))
"""A few papers in the half-year before the last, then one or two a week."""


def index_of(papers: Sequence[Paper]) -> TermIndex:
    """The index of papers of any weeks."""
    weeks: dict[int, list[Paper]] = {}
    for paper in papers:
        weeks.setdefault(week_number(paper.day), []).append(paper)
    return build_index(_block(tuple(batch)) for batch in weeks.values())


@lru_cache(maxsize=4000)
def _block(batch: tuple[Paper, ...]) -> WeekTerms:
    """Weeks of background are the same in every test."""
    return extract_week(batch)
