"""What every step needs: settings, taxonomy, store and classifier, each opened once and only when used."""

import fcntl
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TextIO, get_args

from horizon.errors import SourceError, StoreError, UsageError
from horizon.settings import Settings

if TYPE_CHECKING:
    from nlp.classifier import Classifier
    from store.database import Store
    from taxonomy.load import Taxonomy

World = Literal["live", "replayed", "simulated"]


@dataclass
class Workspace:
    """An opened installation; use it as a context manager so that the database is closed."""

    settings: Settings

    @cached_property
    def taxonomy(self) -> "Taxonomy":
        from taxonomy.load import load_taxonomy

        return load_taxonomy(self.settings.taxonomy_dir)

    @cached_property
    def store(self) -> "Store":
        from scrapers.source import source_order
        from store.database import Store

        return Store.open(self.settings.url, source_order())

    @cached_property
    def classifier(self) -> "Classifier":
        from nlp.classifier import Classifier

        return Classifier.load(
            self.settings.model_dir,
            self.taxonomy,
            encoder_dir=self.settings.embedding_model,
            vectors_dir=self.vectors,
        )

    @property
    def fingerprint(self) -> str:
        """That of the classifier, which need not be loaded to be named."""
        loaded: Classifier | None = vars(self).get("classifier")
        return self._fingerprint if loaded is None else loaded.fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        from nlp.classifier import fingerprint_of

        return fingerprint_of(self.settings.model_dir, encoder_dir=self.settings.embedding_model)

    @cached_property
    def world(self) -> World:
        """Where items come from; a data folder holds one world for ever, so that nothing simulated passes for real."""
        runs = self.store.runs() if self.has_database else []
        held: World | None = get_world(runs[0].run.params["world"]) if runs else None
        shown = None if self.settings.replay_url is None else _world_of(self.settings.replay_url)
        if held and shown and held != shown:
            message = (
                f"the data folder {self.settings.data_dir} holds the {held} world, the server shows the {shown} one"
            )
            raise UsageError(message + "; use another folder (--data)")
        return shown or held or "live"

    @property
    def replay_url(self) -> str | None:
        """The replay server to crawl, None for the live feeds; refuses to mix live items into a replayed world."""
        if self.world != "live" and self.settings.replay_url is None:
            message = f"the data folder {self.settings.data_dir} holds the {self.world} world"
            raise UsageError(message + "; start `horizon replay-server` and set HORIZON_REPLAY_URL to crawl on")
        return self.settings.replay_url

    @property
    def crawls(self) -> Path:
        return self.settings.data_dir / "crawls"

    @property
    def raw(self) -> Path:
        """Every answer ever fetched, by its content."""
        return self.settings.data_dir / "raw"

    def drop(self, source: str) -> Path:
        """Where a person puts files fetched by hand for a source."""
        return self.settings.data_dir / "drop" / source

    @property
    def briefs(self) -> Path:
        return self.settings.data_dir / "briefs"

    @property
    def staging(self) -> Path:
        """Where a brief is written and verified before it is published."""
        return self.settings.data_dir / "staging"

    @property
    def refused(self) -> Path:
        """Briefs that did not hold, for whoever looks into why; never delivered, never on the site."""
        return self.settings.data_dir / "refused"

    @property
    def vectors(self) -> Path:
        """What the sentence encoder made of every text it read, so that none is read twice."""
        return self.settings.data_dir / "vectors"

    @property
    def has_database(self) -> bool:
        """Whether there is one to read. Opening makes one, and a mere look must leave nothing behind."""
        url, prefix = self.settings.url, "sqlite:///"
        return not url.startswith(prefix) or Path(url.removeprefix(prefix)).is_file()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the data folder (and a shared database) for one scan; raises StoreError while another one holds it."""
        with self._lock_file() as file:
            try:
                # Of the system and not a file's existence: a killed scan leaves nothing locked.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another scan is at work in {self.settings.data_dir}; wait for its end, then run this again"
                raise StoreError(message) from None
            with self._shared_database():
                yield

    def _lock_file(self) -> TextIO:
        folder = self.settings.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return (folder / "scan.lock").open("w")
        except OSError as error:
            message = f"expected a data folder that can be written, found {error.strerror} for {folder}"
            raise StoreError(message + "; mend its rights, make room or name another one (--data)") from None

    @contextmanager
    def _shared_database(self) -> Iterator[None]:
        """On a database server other machines scan too."""
        if self.settings.url.startswith("sqlite"):
            yield
            return
        with self.store.alone("horizon scan") as alone:
            if not alone:
                message = "another machine is scanning into this database; wait for its end, then run this again"
                raise StoreError(message)
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "store" in self.__dict__:
            self.store.close()


def get_world(name: str) -> World:
    """The world of this name, as stored with a run."""
    return next(world for world in get_args(World) if world == name)


def _world_of(url: str) -> World:
    if not url.startswith("http://127.0.0.1:"):
        message = f"expected a replay server on this machine (http://127.0.0.1:PORT), found {url!r}"
        raise SourceError(message + "; start one with `horizon replay-server`", source="replay")
    try:
        with urllib.request.urlopen(f"{url}/control/world", timeout=10) as answer:  # noqa: S310 (loopback, checked above)
            name = json.load(answer)["world"]
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"no replay server answers ({error}); start one", source="replay", url=url) from None
    return "simulated" if name == "simulated" else "replayed"
