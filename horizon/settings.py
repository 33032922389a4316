"""Settings from the environment (HORIZON_*) or a `.env` file outside version control; nothing is read at import.

Keys of sources are no fields here: each source names its own (HORIZON_EPO_OPS_KEY, HORIZON_EPO_OPS_SECRET,
HORIZON_USPTO_API_KEY), and `environ` is where they are looked up, so that no settings object ever shows one.
"""

import os
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from horizon.errors import UsageError


class Settings(BaseSettings):
    """All that may differ from one installation to the next."""

    # `HORIZON_REPLAY_URL=` in a shell or in `.env` means: not set.
    model_config = SettingsConfigDict(
        env_prefix="HORIZON_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("var")
    """Database, crawls and briefs live below it."""
    database_url: str | None = None
    """SQLAlchemy URL; default is SQLite in the data folder."""
    contact: str | None = None
    """E-mail address or URL put into the user agent, as arXiv and the EPO ask."""
    taxonomy_dir: Path | None = None
    """Folder with area files instead of the shipped ones."""
    model_dir: Path | None = None
    """Folder of a trained classifier instead of the shipped one."""
    embedding_model: Path | None = None
    """Folder of another sentence encoder than the packaged one, for example a multilingual one; the classifier must
    have been trained with it."""
    crawl_retry_delays_s: tuple[float, ...] = (60.0, 600.0)
    """Waits before Prefect starts a failed crawl again."""
    replay_url: str | None = None
    """Base URL of a replay server; every source is then read from it and all output says so."""
    shared_data: Path = Path("../shared/data")
    """Real records for training, tests and rehearsals."""
    font_dir: Path | None = None
    """Folder with Chinese fonts instead of the packaged ones."""
    delivery_file: Path | None = None
    """YAML file of those to whom briefs are sent, outside the tree; nothing is sent without one."""
    sources_dir: Path | None = None
    """Folder with further source files (`<id>.yml`), read beside the shipped ones."""

    def __init__(self, **values: Any) -> None:
        """Raises UsageError naming the variable or line that cannot be used (never its content: it may be a secret)."""
        try:
            _check_lines(self.model_config.get("env_file"))
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = f"HORIZON_{'_'.join(map(str, first['loc'][:1])).upper()}"
            raise UsageError(f"{name}: {first['msg']}; mend it in the environment or in .env") from None
        except (SettingsError, OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the settings cannot be read: {error}; mend the environment or .env") from None

    @classmethod
    def in_folder(cls, data_dir: Path | None) -> Self:
        """Settings from the environment, with another data folder if one is given."""
        settings = cls()
        return settings if data_dir is None else settings.model_copy(update={"data_dir": data_dir})

    @property
    def environ(self) -> dict[str, str]:
        """HORIZON_* of `.env` under those of the environment, where sources look their keys up."""
        from dotenv import dotenv_values

        file = self.model_config.get("env_file")
        written = dotenv_values(str(file)) if file else {}
        found = {name: value for name, value in {**written, **os.environ}.items() if value}
        return {name: value for name, value in found.items() if name.startswith("HORIZON_")}

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'horizon.sqlite'}"


def _check_lines(env_file: object) -> None:
    """Raises UsageError for lines that dotenv would pass over: the key that a person wrote there would seem unset."""
    from dotenv.parser import parse_stream

    path = Path(str(env_file))
    if env_file is None or not path.is_file():
        return
    with path.open(encoding="utf-8") as stream:
        broken = [binding.original for binding in parse_stream(stream) if binding.error]
    if broken:
        # What dotenv calls the line is the first of the blank ones before it.
        blank = [text.string[: len(text.string) - len(text.string.lstrip())].count("\n") for text in broken]
        lines = ", ".join(str(text.line + skipped) for text, skipped in zip(broken, blank, strict=True))
        raise UsageError(
            f"expected NAME=value in each line of {path}, found none in line {lines}; write it so, close its quotes "
            "or begin it with #"
        )
