"""Opening a database, its two kinds of transaction, and its schema's age; every driver error leaves as a StoreError."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Insert,
    Table,
    create_engine,
    event,
    exc,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from horizon.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
PRAGMAS = (
    "PRAGMA busy_timeout = 30000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",
    # A backfill is one transaction: without a limit its log would keep its size on disk for ever.
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -65536",
)
REMEDIES = (
    (
        r"not a database|malformed",
        "the file is damaged; move it away, put back a copy, or start anew with `horizon migrate` and a backfill",
    ),
    (r"disk is full|disk I/O|No space left", "nothing of this step was kept; free disk space and run it again"),
    (r"readonly|unable to open", "check that its folder exists and may be written, or set HORIZON_DATA_DIR"),
    (r"locked|lock timeout", "another process has been writing for too long; wait for it and run this again"),
    (r"append-only", "stored facts are never changed; write a new row under a new run instead"),
    (r"no such table|does not exist", "run `horizon migrate`"),
    (r"connect|authentication", "check HORIZON_DATABASE_URL and that the server runs"),
)
_WATCH_THE_CLIENT = text(
    # A machine that vanished is noticed in two minutes and not, as by default, in two hours; and a server's limit for
    # idle sessions does not end ours. https://www.postgresql.org/docs/current/runtime-config-connection.html
    "SELECT set_config(name, CASE name WHEN 'tcp_keepalives_idle' THEN '60' WHEN 'tcp_keepalives_interval' THEN '15' "
    "WHEN 'tcp_keepalives_count' THEN '4' ELSE '0' END, false) FROM pg_settings WHERE name IN "
    "('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'idle_session_timeout')"
)
DEFECT = "this is a defect of Horizon; please report it with this message"


def connect(url: str) -> Engine:
    """An engine whose connections are set up; creates the folder of an SQLite file, but not the tables."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise StoreError(
            "expected a database URL such as sqlite:///var/horizon.sqlite; see HORIZON_DATABASE_URL"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _connect_sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _connect_postgresql(parsed)
    raise StoreError(f"expected sqlite or postgresql in the database URL, found {parsed.drivername!r}")


def _connect_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("expected a file in the database URL, found none; write sqlite:///folder/horizon.sqlite")
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"cannot create the data folder {folder}: {reason}; choose one with HORIZON_DATA_DIR"
        ) from None
    engine = create_engine(url)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _connect_postgresql(url: URL) -> Engine:
    try:
        return create_engine(url)
    except ModuleNotFoundError as error:
        raise StoreError(f"PostgreSQL needs a driver, found no {error.name}: pip install 'psycopg[binary]'") from None


def _set_pragmas(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself:
    # https://docs.sqlalchemy.org/en/21/dialects/sqlite.html (serializable isolation, savepoints, transactional DDL)
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    # A writer takes its lock before it reads: a reader that becomes a writer later fails at once with "locked".
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot of the database."""
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with _as_store_error(engine), engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, all or nothing; writers wait for one another, in both databases."""
    with _as_store_error(engine), engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('horizon'))"))
        yield connection


@contextmanager
def held_alone(engine: Engine, name: str) -> Iterator[bool]:
    """Hold a lock of this name on a PostgreSQL server, on a connection of its own; False while another has it.

    The server gives it back when the connection ends, however it ends: nothing is left of a killed process. A pooler
    in front of the server must keep sessions apart (PgBouncer: session mode). In SQLite a lock of the file system does.
    """
    if engine.dialect.name != "postgresql":
        yield True
        return
    with ExitStack() as held:
        with _as_store_error(engine):
            # Outside transactions: one that idles for hours would hold back the server's vacuum.
            connection = held.enter_context(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
            connection.execute(_WATCH_THE_CLIENT)
            take = text("SELECT pg_try_advisory_lock(hashtext(:name))")
            alone = bool(connection.execute(take, {"name": name}).scalar())
            # Not back to the pool, where the connection would live on with its lock.
            held.callback(connection.invalidate)
        yield alone


@contextmanager
def _as_store_error(engine: Engine) -> Iterator[None]:
    try:
        yield
    except exc.SQLAlchemyError as error:
        # Never str(error): it repeats the statement and its parameters.
        cause, *_ = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()
        remedy = next((remedy for pattern, remedy in REMEDIES if re.search(pattern, cause)), DEFECT)
        raise StoreError(f"database {_name(engine)}: {cause}; {remedy}") from error


def _name(engine: Engine) -> str:
    url = engine.url
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def insert_new(connection: Connection, table: Table) -> Insert:
    """An insert that passes over rows whose key exists."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_or_replace(connection: Connection, table: Table) -> Insert:
    """An insert that writes all other columns of a row whose key exists; for the few tables that are not facts."""
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    if connection.dialect.name == "postgresql":
        new = postgresql.insert(table)
        return new.on_conflict_do_update(index_elements=keys, set_={name: new.excluded[name] for name in others})
    row = sqlite.insert(table)
    return row.on_conflict_do_update(index_elements=keys, set_={name: row.excluded[name] for name in others})


def known_revisions() -> list[str]:
    """The revisions known here, oldest first; read from file names, which spares importing Alembic."""
    return sorted(path.name[1:5] for path in (MIGRATIONS / "versions").glob("r[0-9]*.py"))


def upgrade(engine: Engine) -> list[str]:
    """Apply the revisions that the database lacks, all in one transaction; returns them."""
    from alembic import command
    from alembic.config import Config

    with writing(engine) as connection:
        before = _revision(connection, engine)
        missing = [revision for revision in known_revisions() if before is None or revision > before]
        if missing:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return missing


def require_current(engine: Engine) -> None:
    """Fill an empty database; raise StoreError for one that is older or newer than this version of Horizon."""
    with reading(engine) as connection:
        revision = _revision(connection, engine)
    newest = known_revisions()[-1]
    if revision is None:
        upgrade(engine)
    elif revision < newest:
        raise StoreError(f"database {_name(engine)} has schema {revision}, expected {newest}: run `horizon migrate`")


def _revision(connection: Connection, engine: Engine) -> str | None:
    """The database's revision, None if it is empty; raises StoreError for foreign tables and newer revisions."""
    tables = inspect(connection).get_table_names()
    found = None
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None and tables:
        raise StoreError(f"database {_name(engine)} holds tables that are not Horizon's; choose another one")
    newest = known_revisions()[-1]
    if found is not None and found > newest:
        raise StoreError(
            f"database {_name(engine)} has schema {found}, newer than {newest}, the newest known here: upgrade horizon"
        )
    return None if found is None else str(found)


def check_integrity(engine: Engine) -> list[str]:
    """What SQLite's own check finds wrong, the whole file read; PostgreSQL has its own tools."""
    if engine.dialect.name != "sqlite":
        return []
    try:
        with reading(engine) as connection:
            found = connection.execute(text("PRAGMA integrity_check")).scalars().all()
    except StoreError as error:
        return [str(error)]
    return [str(line) for line in found if line != "ok"]
