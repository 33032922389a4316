"""Light TeX of titles as Unicode, where that is simple; anything else stays letter for letter as it is."""

import re
import unicodedata

_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ",
    "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "times": "×", "pm": "±", "sim": "~", "approx": "≈", "leq": "≤", "geq": "≥", "to": "→", "rightarrow": "→",
    "infty": "∞", "cdot": "·", "ell": "ℓ", "circ": "°", "AA": "Å", "hbar": "ℏ",
}  # fmt: skip
_WRAPPERS = ("rm", "mathrm", "text", "textrm")
_SUPER = dict(zip("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", strict=True))
_SUB = dict(zip("0123456789+-−=()x", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₓ", strict=True))
SCRIPTS = "".join(sorted({*_SUPER.values(), *_SUB.values()}))
"""Raised and lowered characters, many of which the Chinese fonts lack."""
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "c": "\u0327", "v": "\u030c",
    "u": "\u0306", "r": "\u030a", "H": "\u030b", "k": "\u0328",
}  # fmt: skip
_MATHS = re.compile(r"\$(?=\S)([^$\n]{1,60}?)(?<=\S)\$(?!\d)")
_ACCENT = re.compile(r"""\\(?:(['`"^~])(?:\{([A-Za-z])\}|([A-Za-z]))|([cvurHk])\{([A-Za-z])\})""")
_TORN = re.compile(r"\\([a-zA-Z])\{([a-z]{2,})\}")
"""arXiv takes the first letter of a symbol for an accent: it shows `\\beta` as `\\b{eta}` (arXiv:1802.02313)."""
_TOKEN = re.compile(r"\\([A-Za-z]+)\s*|([_^])(?:\{([^{}\\]+)\}|([^{}\\]))|([A-Za-z0-9 .,+\-=()/<>:*]+)|[{}]")
_TELLING = re.compile(r"[\\_^]|^[A-Za-z0-9]{1,3}$")
"""What makes text between dollar signs mathematics and not prices."""


def as_unicode(text: str) -> str:
    """Text with its simple formulas and accents as Unicode: `$\\mu$` is μ and `Si$_3$N$_4$` is Si₃N₄."""
    return _MATHS.sub(_formula, _ACCENT.sub(_accented, _TORN.sub(_mended, text)))


def _accented(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (found[2] or found[3] or found[5]) + _ACCENTS[found[1] or found[4]])


def _mended(found: re.Match[str]) -> str:
    return _SYMBOLS.get(found[1] + found[2], found[0])


def _formula(found: re.Match[str]) -> str:
    inner, at, parts = found[1], 0, []
    if not _TELLING.search(inner):
        return found[0]
    while at < len(inner):
        token = _TOKEN.match(inner, at)
        part = None if token is None else _token(token)
        if token is None or part is None:
            return found[0]
        parts.append(part)
        at = token.end()
    return "".join(parts)


def _token(token: re.Match[str]) -> str | None:
    """One token as Unicode; None when it cannot be said so."""
    command, script, group, single, plain = token.groups()
    if command:
        return "" if command in _WRAPPERS else _SYMBOLS.get(command)
    if script:
        table = _SUPER if script == "^" else _SUB
        chars = [table.get(char) for char in (group or single)]
        return None if None in chars else "".join(char or "" for char in chars)
    return plain.replace("-", "−") if plain else ""
