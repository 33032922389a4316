"""The first step of a plan that fits its pages, found with few trials: each is a whole layout."""

from collections.abc import Callable, Sequence

from reports.policy import Limits

_WHOLE = float("inf")


def first_fit(steps: Sequence[Limits], fits: Callable[[int], bool]) -> int:
    """Index of the first step that fits; the last one, untried, where no other does.

    What shows at least as much of everything as a step that does not fit is known not to fit either, so that half of
    the open steps are settled by most trials; the answer is that of trying one after another.
    """
    opened, best = list(range(len(steps) - 1)), len(steps) - 1
    while opened:
        middle = opened[len(opened) // 2]
        if fits(middle):
            best = middle
            opened = [step for step in opened if step < middle]
        else:
            opened = [step for step in opened if not shows_as_much(steps[step], steps[middle])]
    return best


def shows_as_much(one: Limits, other: Limits) -> bool:
    """Whether `one` shows at least as much of everything as `other`; no limit is the highest one."""
    pairs = zip(one.model_dump().values(), other.model_dump().values(), strict=True)
    return all(_amount(mine) >= _amount(its) for mine, its in pairs)


def _amount(limit: float | None) -> float:
    return _WHOLE if limit is None else float(limit)
