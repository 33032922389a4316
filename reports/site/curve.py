"""An area's momentum over the issues: estimate and interval of each, as a small SVG without script."""

import math
from collections.abc import Sequence

from reports.facts import AreaRow

WIDTH, HEIGHT = 720.0, 180.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 72.0, 12.0, 14.0, 30.0
_LABEL_HEIGHT = 24.0


def momentum_curve(rows: Sequence[tuple[str, AreaRow, str]], title: str) -> str:
    """SVG of (short week, row, words shown when pointed at), oldest first; "" where fewer than two are scored.

    An issue without a score leaves a gap.
    """
    from markupsafe import escape

    known = [row.growth for _, row, _ in rows if row.growth.value is not None]
    if len(known) < 2:
        return ""
    ends = [end for each in known for end in (each.low, each.high, each.value, 0.0) if end is not None]
    low, high = min(ends), max(ends)
    step = (WIDTH - _LEFT - _RIGHT) / max(len(rows) - 1, 1)

    def y(value: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / ((high - low) or 1.0)

    parts = [f'<line class="zero" x1="{_LEFT:g}" x2="{WIDTH - _RIGHT:g}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>']
    parts += (
        f'<text x="{_LEFT - 6:g}" y="{y(value) + 4:.1f}" text-anchor="end">{_signed(value)}</text>'
        for value in sorted({low, 0.0, high})
        # An end near zero would be written over its label.
        if value == 0.0 or abs(y(value) - y(0.0)) > _LABEL_HEIGHT
    )
    every = math.ceil(len(rows) / 5)
    for at, (week, row, words) in enumerate(rows):
        x, growth = _LEFT + step * at, row.growth
        if at % every == 0:
            anchor = "start" if at == 0 else "end" if x > WIDTH - 80 else "middle"
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 6:g}" text-anchor="{anchor}">{escape(week)}</text>')
        if growth.value is None:
            continue
        bar = ""
        if growth.low is not None and growth.high is not None:
            bar = f'<line class="bar" x1="{x:.1f}" x2="{x:.1f}" y1="{y(growth.high):.1f}" y2="{y(growth.low):.1f}"/>'
        dot = f'<circle cx="{x:.1f}" cy="{y(growth.value):.1f}" r="4"/>'
        parts.append(f"<g><title>{escape(words)}</title>{bar}{dot}</g>")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="curve" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img"'
    return f'{head} aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _signed(value: float) -> str:
    return f"{value:+.0f}%".replace("-", "\N{MINUS SIGN}") if round(value) else "0"
