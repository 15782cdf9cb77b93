"""PostgreSQL through SQLAlchemy's async engine; one transaction per request or job, committed at its edge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from warren.errors import DatabaseUnavailable


class Database:
    """One engine and pool for a process. Use as `async with database.transaction() as connection`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that commits when the block ends and rolls back when it raises.

        Raises `DatabaseUnavailable`; what was done may then be committed all the same.
        """
        connected = False
        try:
            async with self.engine.begin() as connection:
                connected = True
                yield connection
        except sa.exc.DBAPIError as error:
            if _is_outage(error):
                raise DatabaseUnavailable(_name(error.orig)) from error
            raise
        except (sa.exc.TimeoutError, TimeoutError, ConnectionError) as error:
            raise DatabaseUnavailable(_name(error)) from error
        except OSError as error:
            if connected:  # a full disk, for example, under what else the block does
                raise
            raise DatabaseUnavailable(_name(error)) from error

    async def reachable(self) -> bool:
        """Whether PostgreSQL answers now."""
        try:
            async with self.transaction() as connection:
                await connection.execute(sa.text("SELECT 1"))
        except DatabaseUnavailable:
            return False
        return True


_PASSING = {"08", "28", "3D", "40", "53", "57", "58"}
"""SQLSTATE classes: connection, login, no such database (yet), rolled back in favour of another, out of resources, shut
down, system error."""


def _is_outage(error: sa.exc.DBAPIError) -> bool:
    """Whether the statement is not at fault."""
    return error.connection_invalidated or str(getattr(error.orig, "sqlstate", ""))[:2] in _PASSING


def _name(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"


@asynccontextmanager
async def connect(url: str, name: str, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """A `Database` that is closed at the end. Does not wait for PostgreSQL: the first query does."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        connect_args={
            "timeout": 5,
            "command_timeout": 30,
            "server_settings": {"application_name": name},
        },
    )
    sa.event.listen(engine.sync_engine, "checkout", _refuse_closed)
    try:
        yield Database(engine)
    finally:
        await engine.dispose()


def _refuse_closed(adapted: Any, _record: Any, _proxy: Any) -> None:
    """Replace a connection that died while idle, instead of failing a request after a restart of PostgreSQL.

    asyncpg notices when its socket closes, so this costs no round trip, as SQLAlchemy's own ping would.
    """
    if adapted.driver_connection.is_closed():
        raise sa.exc.DisconnectionError


def migrate(database_url: str, migrations: Path, revision: str = "head") -> None:
    """Bring a service's schema to `revision`. Blocking; several at once wait for each other."""
    # Imported here and below: every process would pay 11 MB and a quarter of a second for what one of them does.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations))
    # ConfigParser expands % signs, which passwords in URLs are full of.
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    command.upgrade(config, revision)


def run_migrations(metadata: sa.MetaData) -> None:
    """Body of every service's `migrations/env.py`. The schema is the metadata's and holds its own version table."""
    from alembic import context  # noqa: PLC0415

    schema = metadata.schema
    assert schema is not None  # noqa: S101  a service owns exactly one schema
    url = sa.make_url(context.config.get_main_option("sqlalchemy.url") or "").set(drivername="postgresql+asyncpg")

    def apply(connection: sa.Connection) -> None:
        # Held until commit: replicas that migrate at the same time take turns.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"warren.{schema}"})
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        options: dict[str, Any] = {"version_table_schema": schema, "include_schemas": True}
        context.configure(connection=connection, target_metadata=metadata, **options)
        with context.begin_transaction():
            context.run_migrations()

    async def upgrade() -> None:
        engine = create_async_engine(url, poolclass=sa.NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(apply)
        await engine.dispose()

    asyncio.run(upgrade())
