"""Weak signals over two years: when each was first seen, and how many documents a week name it."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from horizon.weeks import IsoWeek
from reports.charts.streams import unknown_runs
from reports.charts.style import (
    BAND,
    FAINT,
    INK,
    MUTED,
    NARROW_INCH,
    POINTS,
    TONES,
    WIDTH_INCH,
    extent,
    fitted,
    folded,
    sheet,
    tip,
    year_ticks,
)
from reports.facts import Brief, SignalFact
from reports.fonts import drawable
from reports.language import Language
from reports.view import displayable

_LARGEST = 70.0
"""Square points of the largest dot."""
_WEEKS = 104


def draw_timeline(brief: Brief, words: Language, width: float) -> Canvas | None:
    """None where the weeks of no signal are known."""
    signals = timed(brief.signals)
    if not signals:
        return None
    narrow = width == NARROW_INCH
    each, head, foot = (0.4, 0.06, 0.62) if narrow else (0.27, 0.06, 0.46)
    height = head + foot + each * len(signals)
    canvas = sheet(width, height)
    left, across = (0.015, 0.97) if narrow else (0.235, 0.56)
    axes = canvas.add_axes((left, foot / height, across, each * len(signals) / height))
    first = brief.header.week + (1 - _WEEKS)
    axes.set_xlim(-2, _WEEKS + 1.5)
    axes.set_ylim(len(signals) - 0.5, -0.5)
    most = max(n for signal in signals for n in signal.weeks if n is not None) or 1
    clean = drawable()
    for row, signal in enumerate(signals):
        _row(axes, row, signal, words, first, most, clean(displayable(signal.term)), narrow)
    year_ticks(axes, first, _WEEKS)
    small = 5.8 if narrow else 7.2
    said = words.word("charts", "timeline_note").format(n=most)
    note = folded(canvas, said, small, width * POINTS - 6, words)
    canvas.text(0.005, 0.03 / height, note, fontsize=small, color=MUTED, va="bottom", linespacing=1.2)
    return canvas


def timed(signals: Sequence[SignalFact]) -> list[SignalFact]:
    """Signals of which any week is known."""
    return [signal for signal in signals if signal.first_week and any(n is not None for n in signal.weeks)]


def _row(
    axes: Axes, row: int, signal: SignalFact, words: Language, first: IsoWeek, most: int, term: str, narrow: bool
) -> None:  # fmt: skip
    assert signal.first_week is not None  # noqa: S101 see `timed`
    shift = signal.first_week - first
    line = row + (0.18 if narrow else 0.0)
    sure = signal.tier == "confirmed"
    axes.plot([0, _WEEKS - 1], [line, line], color=FAINT, linewidth=0.7, zorder=0)
    for begin, end in unknown_runs(signal.weeks):
        box = Rectangle(
            (begin + shift - 0.5, line - 0.16), end - begin + 1, 0.32, facecolor=BAND, linewidth=0, zorder=1
        )
        axes.add_patch(box)
    seen = [(at + shift, n) for at, n in enumerate(signal.weeks) if n and 0 <= at + shift < _WEEKS]
    axes.scatter([at for at, _ in seen], [line] * len(seen), s=[_LARGEST * n / most for _, n in seen], zorder=3,
                 facecolor=TONES["rising"] if sure else "none", edgecolor=TONES["rising"], linewidth=0.7,
                 alpha=0.75 if sure else 1.0)  # fmt: skip
    _first_seen(axes, line, IsoWeek.of(signal.first_seen) - first)
    _words(axes, row, line, signal, words, term, narrow)


def _first_seen(axes: Axes, line: float, at: int) -> None:
    """A stroke in its week; an arrow at the edge where it was before."""
    if at >= 0:
        axes.plot([at, at], [line - 0.3, line + 0.3], color=INK, linewidth=1.2, zorder=4)
    else:
        axes.plot([-0.8], [line], marker=4, markersize=5, color=INK, clip_on=False, zorder=4, markeredgewidth=0)


def _words(
    axes: Axes, row: int, line: float, signal: SignalFact, words: Language, term: str, narrow: bool
) -> None:  # fmt: skip
    """Its term at the left, at the right its tier and how often it was named; on a phone all above the line."""
    across = axes.get_yaxis_transform()
    middot = words.word("forms", "middot")
    about = words.number(signal.n_recent) + middot + words.word("signal_tier", signal.tier)
    canvas = axes.figure
    if narrow:
        beside = axes.text(1.0, row - 0.26, about, transform=across, fontsize=6.2, va="center", ha="right", color=MUTED)
        room = NARROW_INCH * POINTS * 0.95 - extent(beside)[0]
        axes.text(0.0, row - 0.26, fitted(canvas, term, 7, room), transform=across, fontsize=7, va="center")
    else:
        name = fitted(canvas, term, 7.6, 0.215 * WIDTH_INCH * POINTS)
        axes.text(-0.015, row, name, transform=across, fontsize=7.6, va="center", ha="right")
        axes.text(1.015, row, about, transform=across, fontsize=7, va="center", color=MUTED)
    band = Rectangle(
        (0, line - 0.4), 1, 0.8, transform=across, facecolor="none", edgecolor="none", clip_on=False, zorder=6
    )
    band.set_gid(tip(told(signal, words)))
    axes.add_patch(band)


def told(signal: SignalFact, words: Language) -> str:
    """A signal's line in words."""
    return words.word("charts", "timeline_row").format(
        term=displayable(signal.term),
        tier=words.word("signal_tier", signal.tier),
        day=words.day(signal.first_seen),
        n=words.number(signal.n_recent),
    )
