"""Sparklines as tiny SVG: one path with gaps where a week is unknown, and a dot at the end."""

from collections.abc import Sequence

WIDTH, HEIGHT = 88.0, 16.0
_PAD = 2.5


def sparkline(values: Sequence[float | None], colour: str) -> str:
    """SVG of shares from zero to their largest; only numbers and our own colour go in."""
    known = [value for value in values if value is not None]
    top = max(known, default=0.0) or 1.0
    step = (WIDTH - 2 * _PAD) / max(len(values) - 1, 1)
    places = [None if value is None else (_PAD + step * at, _y(value, top)) for at, value in enumerate(values)]
    path = "".join(_moves(places))
    size = f"{WIDTH:g} {HEIGHT:g}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{WIDTH:g}" height="{HEIGHT:g}">'
    line = (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.2" stroke-linejoin="round"/>' if path else ""
    )
    return head + line + _dot(places, colour) + "</svg>"


def _y(value: float, top: float) -> float:
    return HEIGHT - _PAD - (HEIGHT - 2 * _PAD) * value / top


def _moves(places: Sequence[tuple[float, float] | None]) -> list[str]:
    moves, pen_down = [], False
    for place in places:
        if place is not None:
            moves.append(f"{'L' if pen_down else 'M'}{place[0]:.1f} {place[1]:.1f}")
        pen_down = place is not None
    return moves


def _dot(places: Sequence[tuple[float, float] | None], colour: str) -> str:
    last = next((place for place in reversed(places) if place is not None), None)
    return "" if last is None else f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="1.8" fill="{colour}"/>'
