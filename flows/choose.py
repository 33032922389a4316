"""Which sources a scan reads: those named or all weekly ones, without those whose key is not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from horizon.errors import UsageError

if TYPE_CHECKING:
    from scrapers.source import Source


@dataclass(frozen=True)
class Chosen:
    """Sources to read, and those left out for want of a key; both in the order given, or by name."""

    read: tuple[str, ...]
    disabled: tuple[str, ...] = ()

    @property
    def params(self) -> dict[str, str]:
        """As a run keeps it: with a key added, the same week is another run."""
        disabled = {"disabled": " ".join(self.disabled)} if self.disabled else {}
        return {"sources": " ".join(self.read), **disabled}


def choose_sources(work: Workspace, asked: Sequence[str]) -> Chosen:
    """No name stands for every weekly source that the world of this data folder speaks.

    Raises UsageError for an unknown name, and when no source is left to read.
    """
    from scrapers.source import load_source

    names = tuple(asked) or _weekly(work)
    live = work.world == "live"
    sources = [load_source(name) for name in dict.fromkeys(names)]
    environ = work.settings.environ
    disabled = tuple(source.id for source in sources if live and source.missing_keys(environ, work.drop(source.id)))
    read = tuple(source.id for source in sources if source.id not in disabled)
    if not read:
        raise UsageError(f"no source can be read: {', '.join(disabled)} disabled: no key; see `horizon sources check`")
    return Chosen(read, disabled)


def _weekly(work: Workspace) -> tuple[str, ...]:
    """All weekly sources by name; in a replayed or simulated world those that its server speaks, and dropped files."""
    from scrapers.run import asks_nobody
    from scrapers.source import list_sources, load_source

    sources = [load_source(name) for name in list_sources()]
    if work.world != "live":
        from scrapers.replay.server import speaks

        simulated = work.world == "simulated"
        sources = [
            source for source in sources if asks_nobody(source) or speaks(source.replay_path, simulated=simulated)
        ]
    return tuple(source.id for source in sources if source.weekly and not _is_idle(work, source))


def _is_idle(work: Workspace, source: "Source") -> bool:
    """A source of nothing but dropped files, in the folders of all sources, has nothing to say while there are none."""
    from scrapers.run import asks_nobody

    return asks_nobody(source) and not source.has_dropped(work.drop(source.id).parent)
