"""One transaction, committed at its edge; migrations that take turns."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from warren import database
from warren.database import Database
from warren.errors import DatabaseUnavailable

notes = sa.Table("notes", sa.MetaData(), sa.Column("text", sa.Text, primary_key=True))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Database]:
    async with database.connect(database_url, "test", pool_size=2) as connected:
        async with connected.transaction() as connection:
            await connection.run_sync(notes.create)
        yield connected


async def write(connection: AsyncConnection, text: str) -> None:
    await connection.execute(notes.insert().values(text=text))


async def attempt(store: Database, *texts: str, error: Exception | None = None) -> None:
    """Write these in one block that ends with an error, if there is one."""
    async with store.transaction() as connection:
        for text in texts:
            await write(connection, text)
        if error is not None:
            raise error


async def read(store: Database) -> list[str]:
    async with store.transaction() as connection:
        return list((await connection.execute(sa.select(notes.c.text).order_by(notes.c.text))).scalars())


# Transactions ---------------------------------------------------------------------------------------------------------


async def test_nothing_is_seen_before_the_edge_and_all_of_it_after(store: Database) -> None:
    async with store.transaction() as connection:
        await write(connection, "one")
        await write(connection, "two")
        assert await read(store) == []

    assert await read(store) == ["one", "two"]


async def test_a_block_commits_once(store: Database) -> None:
    commits: list[object] = []
    sa.event.listen(store.engine.sync_engine, "commit", commits.append)
    async with store.transaction() as connection:
        await write(connection, "one")
        await write(connection, "two")
        assert commits == []

    assert len(commits) == 1


async def test_an_error_takes_back_what_was_done_before_it(store: Database) -> None:
    with pytest.raises(LookupError, match="mine"):
        await attempt(store, "one", error=LookupError("mine"))

    assert await read(store) == []


async def test_a_refused_statement_takes_all_back_and_stays_the_error_it_is(store: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await attempt(store, "same", "same")

    assert await read(store) == []


async def test_a_cancelled_block_takes_back_and_gives_its_connection_back(store: Database) -> None:
    written = asyncio.Event()

    async def never_ends() -> None:
        async with store.transaction() as connection:
            await write(connection, "one")
            written.set()
            await asyncio.Event().wait()

    for _ in range(5):  # more often than the pool has connections
        task = asyncio.create_task(never_ends())
        await written.wait()
        written.clear()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await read(store) == []


# Outages --------------------------------------------------------------------------------------------------------------


async def test_nobody_there_is_an_outage() -> None:
    async with database.connect("postgresql+asyncpg://nobody@127.0.0.1:1/none", "test") as store:
        with pytest.raises(DatabaseUnavailable):
            await read(store)

        assert not await store.reachable()


async def test_a_connection_cut_within_the_block_is_an_outage_and_the_next_block_works(store: Database) -> None:
    async def cut() -> None:
        async with store.transaction() as connection:
            await write(connection, "one")
            pid = (await connection.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
            async with store.transaction() as other:
                await other.execute(sa.select(sa.func.pg_terminate_backend(pid)))
            await write(connection, "two")

    with pytest.raises(DatabaseUnavailable):
        await cut()

    assert await read(store) == []


async def test_a_connection_that_died_while_idle_is_replaced(store: Database, database_url: str) -> None:
    async with store.transaction() as connection:
        pid = (await connection.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
    async with database.connect(database_url, "killer") as other, other.transaction() as connection:
        await connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    async with asyncio.timeout(10):
        while not raw.is_closed():  # noqa: ASYNC110  asyncpg tells nobody
            await asyncio.sleep(0.01)

    assert await read(store) == []


async def test_an_error_of_the_blocks_own_is_no_outage(store: Database) -> None:
    with pytest.raises(FileNotFoundError):
        await attempt(store, "one", error=FileNotFoundError())

    assert await read(store) == []


# Migrations -----------------------------------------------------------------------------------------------------------

ENV = """
import sqlalchemy as sa
from warren.database import run_migrations
run_migrations(sa.MetaData(schema="things"))
"""
STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {revision!r}, {down!r}
def upgrade():
    op.execute("SELECT pg_sleep({seconds})")
    {statement}
"""


MIGRATE = """
import sys
from pathlib import Path
from warren import database
database.migrate(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A service's migrations: a slow first one, which makes the table that the second writes to."""
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text(ENV)
    made = "op.create_table('log', sa.Column('line', sa.Text), schema='things')"
    noted = "op.execute(\"INSERT INTO things.log VALUES ('second')\")"
    (versions / "first.py").write_text(STEP.format(revision="1", down=None, seconds=0.3, statement=made))
    (versions / "second.py").write_text(STEP.format(revision="2", down="1", seconds=0, statement=noted))
    return tmp_path


async def log_lines(database_url: str) -> list[str]:
    async with database.connect(database_url, "test") as store, store.transaction() as connection:
        return list((await connection.execute(sa.text("SELECT line FROM things.log"))).scalars())


async def test_a_migration_runs_once_and_the_schema_holds_its_version(database_url: str, migrations: Path) -> None:
    for _ in range(2):
        await asyncio.to_thread(database.migrate, database_url, migrations)

    assert await log_lines(database_url) == ["second"]
    async with database.connect(database_url, "test") as store, store.transaction() as connection:
        version = await connection.execute(sa.text("SELECT version_num FROM things.alembic_version"))
        assert version.scalars().all() == ["2"]


async def test_two_that_migrate_at_the_same_time_take_turns(database_url: str, migrations: Path) -> None:
    """In processes of their own, as replicas are: Alembic's context is one for a process."""
    both = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, database_url, str(migrations), stderr=PIPE)
        for _ in range(2)
    ]
    ends = await asyncio.gather(*(process.communicate() for process in both))

    assert [process.returncode for process in both] == [0, 0], ends
    assert await log_lines(database_url) == ["second"]


async def test_a_migration_that_fails_leaves_the_schema_as_it_was(database_url: str, migrations: Path) -> None:
    await asyncio.to_thread(database.migrate, database_url, migrations, "1")
    second = migrations / "versions" / "second.py"
    second.write_text(second.read_text() + "    raise LookupError('half way')\n")
    with pytest.raises(LookupError, match="half way"):
        await asyncio.to_thread(database.migrate, database_url, migrations)

    assert await log_lines(database_url) == []


async def test_a_password_may_hold_percent_signs(database_url: str, migrations: Path) -> None:
    async with database.connect(database_url, "test") as store, store.transaction() as connection:
        await connection.execute(sa.text("CREATE ROLE percent LOGIN SUPERUSER PASSWORD 'a%40b%c'"))
    url = sa.make_url(database_url).set(username="percent", password="a%40b%c")
    await asyncio.to_thread(database.migrate, url.render_as_string(hide_password=False), migrations)

    assert await log_lines(database_url) == ["second"]
    async with database.connect(database_url, "test") as store, store.transaction() as connection:
        await connection.execute(sa.text("DROP OWNED BY percent"))
        await connection.execute(sa.text("DROP ROLE percent"))
