"""Putting a site in its place: built beside it and swapped in whole, so that no reader meets half of one."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from horizon.errors import RenderError, UsageError

MARK = ".horizon-site"
"""A folder with it is a site of ours, and may be replaced."""


def publish(files: Mapping[str, bytes | Path], out: Path) -> None:
    """Write the files (bytes, or a file to copy) and put them in the place of the site that stood at `out`.

    Raises UsageError where `out` holds something else, RenderError where it cannot be written; then all is as before.
    """
    if out.exists() and not (out / MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"expected a site of Horizon or nothing at {out}, found something else; name another --out")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{out.name}.new-", dir=out.parent))
    except OSError as error:
        raise RenderError(f"expected to write beside {out}, found: {error}; make room or mend the rights") from None
    try:
        fresh.chmod(0o755)
        for name, content in {**files, MARK: b""}.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
        _swap(fresh, out)
    except OSError as error:
        raise RenderError(
            f"expected to write the site to {out}, found: {error}; make room or mend the rights"
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, out: Path) -> None:
    """Two renames; if the second fails the first is undone."""
    old = fresh.with_name(f"{fresh.name}-old")
    stood = out.exists()
    if stood:
        out.rename(old)
    try:
        fresh.rename(out)
    except OSError:
        if stood:
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
