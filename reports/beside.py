"""One language of an issue rendered in a process of its own, while this one renders the other: two cores, one wait.

A fresh interpreter and not a fork, which has neither the threads' locks of its parent nor needs its main module.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from horizon.errors import HorizonError, RenderError
from reports.facts import Brief
from reports.language import LanguageCode

_REFUSED = 3
"""Exit code of a process whose last words are an error of ours."""


@dataclass(frozen=True)
class Beside:
    """Files that are being rendered."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    names: tuple[str, ...]

    def result(self) -> Mapping[str, bytes]:
        """File name to bytes, when they are done; raises RenderError with the words of the process."""
        told = self.process.communicate()[1].decode("utf-8", "replace").strip()
        if self.process.returncode == _REFUSED:
            raise RenderError(told.splitlines()[-1])
        if self.process.returncode:
            last = told.splitlines()[-1] if told else f"exit code {self.process.returncode}"
            raise RenderError(f"expected {', '.join(self.names)} from a second process, found: {last}; render again")
        return {name: (self.folder / name).read_bytes() for name in self.names}


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def rendered_beside(
    document: bytes, code: LanguageCode, formats: Sequence[str], font_dir: Path | None
) -> Iterator[Beside]:
    """Begin to render a `brief.json`; the process ends with the block, whatever happens within it."""
    # The rooms are found where this process found them, from wherever it was started.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with TemporaryDirectory(prefix="horizon-") as folder:
        place = Path(folder)
        (place / "brief.json").write_bytes(document)
        asked = json.dumps([folder, code, list(formats), None if font_dir is None else str(font_dir)])
        command = [sys.executable, "-m", "reports.beside", asked]
        with subprocess.Popen(  # noqa: S603 our own interpreter and module
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield Beside(process, place, tuple(f"brief.{code}.{each}" for each in formats))
            finally:
                process.kill()


def _main(asked: str) -> None:
    from reports.write import render_one

    folder, code, formats, font_dir = json.loads(asked)
    brief = Brief.model_validate_json((Path(folder) / "brief.json").read_bytes())
    for each in formats:
        data = render_one(brief, code, each, Path(font_dir) if font_dir else None)
        (Path(folder) / f"brief.{code}.{each}").write_bytes(data)


if __name__ == "__main__":
    try:
        _main(sys.argv[1])
    except HorizonError as error:
        print(error, file=sys.stderr)
        sys.exit(_REFUSED)
