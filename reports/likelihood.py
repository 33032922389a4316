"""The seven likelihood words of ICD 203, each for its own part of the scale; the words stand in `words/*.yml`.

A likelihood says how probable something is; how good the data are (grade, coverage) is a confidence, which is a
sentence of its own (ICD 203, D.6.e.2.a).
"""

from typing import Literal

Word = Literal[
    "almost_no_chance", "very_unlikely", "unlikely", "roughly_even_chance", "likely", "very_likely", "almost_certain"
]  # fmt: skip
SCALE: tuple[tuple[float, float, Word], ...] = (
    (0.01, 0.05, "almost_no_chance"),
    (0.05, 0.20, "very_unlikely"),
    (0.20, 0.45, "unlikely"),
    (0.45, 0.55, "roughly_even_chance"),
    (0.55, 0.80, "likely"),
    (0.80, 0.95, "very_likely"),
    (0.95, 0.99, "almost_certain"),
)
"""From, to, word. Below 1 % and above 99 % the outermost words stay, with the number as `<1%` and `>99%`."""
_EVEN = 0.5


def word_of(probability: float) -> Word:
    """At a bound that two words share, the one nearer to an even chance: it claims less, and mirrors its opposite."""
    for _, high, word in SCALE:
        if probability < high or (probability == high and high > _EVEN):
            return word
    return SCALE[-1][2]
