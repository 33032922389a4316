"""A store on each database: SQLite always, PostgreSQL where a server is named or can be started."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from store.database import Store

UNPRIVILEGED = ("postgres", "nobody")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server: HORIZON_TEST_POSTGRES_URL, or a private one that ends with the tests."""
    pytest.importorskip("psycopg", reason="needs psycopg, the driver of PostgreSQL")
    named = os.environ.get("HORIZON_TEST_POSTGRES_URL")
    if named:
        yield named
        return
    binaries = _find_binaries()
    user = _unprivileged_user()
    if binaries is None or user is None:
        pytest.skip("needs PostgreSQL: install it, or set HORIZON_TEST_POSTGRES_URL")
    folder = Path(tempfile.mkdtemp(prefix="horizon-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    try:
        _start_server(binaries, folder, user)
        yield f"postgresql+psycopg://horizon@/postgres?host={folder}"
    finally:
        _as_user([binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], user)
        shutil.rmtree(folder, ignore_errors=True)


def _find_binaries() -> Path | None:
    found = shutil.which("initdb")
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(found).resolve().parent] if found else [])]
    complete = [folder for folder in candidates if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]
    return max(complete, key=str) if complete else None


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return ""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in UNPRIVILEGED if name in known), None)


def _start_server(binaries: Path, folder: Path, user: str) -> None:
    data = folder / "data"
    create: list[Path | str] = [binaries / "initdb", "-D", data, "-U", "horizon", "-A", "trust"]
    create += ["-E", "UTF8", "--no-sync"]
    _as_user(create, user, check=True)
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
    start: list[Path | str] = [binaries / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"]
    _as_user(start, user, check=True)


def _as_user(command: Sequence[Path | str], user: str, check: bool = False) -> None:
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    if user == "nobody":
        identity["group"] = "nogroup"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [str(word) for word in command],
        check=check,
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **identity,  # type: ignore[call-overload]  # a dict of keyword arguments of different types
    )


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """Name of a database that has the tables."""
    name = f"horizon_{uuid.uuid4().hex[:12]}"
    _execute(postgres_url, f"CREATE DATABASE {name}")
    Store.open(_database(postgres_url, name)).close()
    yield name
    _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def new_postgres(postgres_url: str, postgres_template: str) -> Iterator[Callable[[str], str]]:
    """Makes databases from a template (template0 is empty) and drops them after the test."""
    names: list[str] = []

    def create(template: str) -> str:
        names.append(f"horizon_{uuid.uuid4().hex[:12]}")
        _execute(postgres_url, f"CREATE DATABASE {names[-1]} TEMPLATE {template}")
        return _database(postgres_url, names[-1])

    yield create
    for name in names:
        _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, statement: str) -> None:
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(statement))
    server.dispose()


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that has the tables: migrating once is faster than for each test."""
    path = tmp_path_factory.mktemp("template") / "horizon.sqlite"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'horizon.sqlite'}"
    create: Callable[[str], str] = request.getfixturevalue("new_postgres")
    return create("template0")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with tables and no rows, once of each kind."""
    if request.param == "postgresql":
        create: Callable[[str], str] = request.getfixturevalue("new_postgres")
        return create(request.getfixturevalue("postgres_template"))
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "horizon.sqlite")
    return f"sqlite:///{tmp_path / 'horizon.sqlite'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(sqlite_template, tmp_path / "horizon.sqlite")
    with Store.open(f"sqlite:///{tmp_path / 'horizon.sqlite'}") as opened:
        yield opened
