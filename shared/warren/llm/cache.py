"""Answers remembered in PostgreSQL by what was asked, so that the same question is paid for once."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.dialects.postgresql import insert

from warren.database import Database
from warren.errors import DatabaseUnavailable
from warren.llm.reply import Completion
from warren.llm.tables import answers

log = structlog.get_logger(__name__)

FORGET_AT_ONCE = 100
"""Expired answers deleted with each new one."""
_COMPLETION = TypeAdapter(Completion)


def key_of(**asked: Any) -> bytes:
    """Everything that decides an answer: endpoint, model, options, purpose, prompt version and messages."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


class AnswerCache:
    """Does without PostgreSQL while it is away: nothing is found then, and nothing kept."""

    def __init__(self, database: Database, seconds: int) -> None:
        self._database = database
        self._keep = timedelta(seconds=seconds)

    async def get(self, key: bytes) -> Completion | None:
        """What was answered before, unless that has expired."""
        wanted = sa.select(answers.c.answer).where(answers.c.key == key, answers.c.expires_at > sa.func.now())
        try:
            async with self._database.transaction() as connection:
                found = (await connection.execute(wanted)).scalar_one_or_none()
            return None if found is None else replace(_COMPLETION.validate_python(found), cached=True)
        except (DatabaseUnavailable, sa.exc.ProgrammingError, ValidationError) as error:
            log.warning("llm_cache_unreadable", error=str(error)[:200])
            return None

    async def put(self, key: bytes, completion: Completion) -> None:
        """Remember an answer, and forget some that have expired."""
        values = {"answer": asdict(completion), "expires_at": sa.func.now() + self._keep}
        expired = sa.select(answers.c.key).where(answers.c.expires_at < sa.func.now()).limit(FORGET_AT_ONCE)
        try:
            async with self._database.transaction() as connection:
                await connection.execute(
                    insert(answers).values(key=key, **values).on_conflict_do_update(index_elements=["key"], set_=values)
                )
                # Another worker may be deleting the same: skip those instead of waiting, or of a deadlock.
                await connection.execute(
                    answers.delete().where(answers.c.key.in_(expired.with_for_update(skip_locked=True)))
                )
        except (DatabaseUnavailable, sa.exc.ProgrammingError) as error:
            log.warning("llm_answer_not_kept", error=str(error)[:200])
