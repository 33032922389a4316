"""One small family of errors. A message says what was expected, what was found and what to do."""

from pathlib import Path

_LONGEST_URL = 160


class HorizonError(Exception):
    """Base of all errors that Horizon raises on purpose; the command line prints it without a traceback."""

    exit_code = 1


class UsageError(HorizonError):
    """A command was called with words or files that cannot be used."""

    exit_code = 2


class TaxonomyError(HorizonError):
    """A taxonomy file is wrong. Names the file and, where known, the line."""

    exit_code = 2

    def __init__(self, message: str, *, file: Path | None = None, line: int | None = None) -> None:
        place = "" if file is None else f"{file}:{line}: " if line else f"{file}: "
        super().__init__(place + message)
        self.file = file
        self.line = line


class SourceError(HorizonError):
    """A feed could not be read; the week of that source is unknown, never zero."""

    exit_code = 3

    def __init__(self, message: str, *, source: str, url: str | None = None) -> None:
        super().__init__(f"source {source}: {message}" + (f" ({_shorten(url)})" if url else ""))
        self.source = source
        self.url = url


def _shorten(url: str) -> str:
    """A query of thousands of letters tells nobody anything; the whole address stands beside the stored answers."""
    return url if len(url) <= _LONGEST_URL else f"{url[: _LONGEST_URL - 1]}\u2026"


class ParseError(HorizonError):
    """A response or file has not the structure its format promises."""


class StoreError(HorizonError):
    """The database or the data folder cannot be used."""

    exit_code = 3


class ModelError(HorizonError):
    """A trained model is missing, altered or does not fit the taxonomy."""

    exit_code = 3


class ModelRefused(ModelError):
    """A check failed: the new model is no better than the one in force, which stays."""

    exit_code = 1


class RenderError(HorizonError):
    """A brief could not be written in the format asked for: no room on the disk, no font, no renderer."""

    exit_code = 3


class DeliveryError(HorizonError):
    """A brief could not be handed over: a mail server, folder or robot refused it or did not answer."""

    exit_code = 3

    def __init__(self, message: str, *, may_pass: bool) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        """Whether the same attempt may succeed a little later."""
