"""One scan at a time: in a data folder, and on a database that several machines share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.workspace import Workspace
from horizon.errors import StoreError
from horizon.settings import Settings
from tests.store.conftest import new_postgres, postgres_template, postgres_url

__all__ = ["new_postgres", "postgres_template", "postgres_url"]


def test_a_folder_is_scanned_by_one_at_a_time(tmp_path: Path) -> None:
    first, second = (Workspace(Settings(data_dir=tmp_path)) for _ in range(2))
    with first.exclusive(), pytest.raises(StoreError, match="another scan"), second.exclusive():
        pass
    with second.exclusive():
        pass


def test_a_shared_database_is_scanned_by_one_machine_at_a_time(
    new_postgres: Callable[[str], str],
    postgres_template: str,
    tmp_path: Path,
) -> None:
    url = new_postgres(postgres_template)
    machines = [Workspace(Settings(data_dir=tmp_path / name, database_url=url)) for name in ("one", "two")]
    with machines[0] as first, machines[1] as second:
        with first.exclusive(), pytest.raises(StoreError, match="another machine"), second.exclusive():
            pass
        with second.exclusive():
            pass


@pytest.mark.parametrize("named", [False, True])
def test_a_look_at_a_folder_without_a_database_makes_none(tmp_path: Path, named: bool) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}" if named else None
    work = Workspace(Settings(data_dir=tmp_path / "data", database_url=url))
    assert not work.has_database
    assert not list(tmp_path.iterdir())
    work.store.close()
    assert work.has_database
