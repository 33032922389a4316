"""Chinese fonts: the packaged Noto SC, or a folder that the operator names; what they cover, and parts of them."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

from horizon.errors import RenderError

SANS, SERIF = "Noto Sans SC", "Noto Serif SC"
_SUFFIXES = (".otf", ".ttf")


def font_files(font_dir: Path | None = None) -> tuple[Path, ...]:
    """Sans first. Raises RenderError when the folder holds no font."""
    if font_dir is None:
        import pylopdf_fonts_zh_cn  # type: ignore[import-untyped,unused-ignore]

        return (Path(pylopdf_fonts_zh_cn.sans_path()), Path(pylopdf_fonts_zh_cn.serif_path()))
    found = sorted(path for path in font_dir.glob("*") if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise RenderError(f"expected .otf or .ttf fonts in {font_dir}, found none; mend HORIZON_FONT_DIR or unset it")
    return tuple(sorted(found, key=lambda path: ("sans" not in path.name.lower(), path.name)))


def families(font_dir: Path | None = None) -> tuple[str, ...]:
    """Family names of the fonts, sans first."""
    return tuple(_family(path) for path in font_files(font_dir))


@cache
def _family(path: Path) -> str:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no stubs

    with TTFont(path, lazy=True) as font:
        return str(font["name"].getBestFamilyName())


@cache
def coverage(path: Path) -> frozenset[int]:
    """Code points that a font can draw."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def drawable(font_dir: Path | None = None, besides: str = "") -> Callable[[str], str]:
    """A function that writes a character no font has as [U+1F600], since an empty box would say nothing.

    `besides` are characters that another font of the page draws.
    """
    covered = coverage(font_files(font_dir)[0]) | {ord(char) for char in besides}

    def clean(text: str) -> str:
        return "".join(char if ord(char) in covered else f"[U+{ord(char):04X}]" for char in text)

    return clean


def subset_woff(text: str, font_dir: Path | None = None) -> bytes:
    """WOFF of the first font with the characters of `text` alone; the same bytes for the same characters."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]  # ships no stubs
    from fontTools.ttLib import TTFont

    options = Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True, name_IDs=[1, 2])
    # Of lines from top to bottom, which no page has.
    options.drop_tables += ["vhea", "vmtx", "VORG"]
    # The whole font's bounds hold its parts too, and to draw each glyph for closer ones takes a second.
    with TTFont(font_files(font_dir)[0], lazy=True, recalcTimestamp=False, recalcBBoxes=False) as font:
        subsetter = Subsetter(options)
        subsetter.populate(text=text)
        subsetter.subset(font)
        font.flavor = "woff"
        buffer = io.BytesIO()
        font.save(buffer)
    return buffer.getvalue()
