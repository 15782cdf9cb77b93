"""Sends digests to webhooks: signed, again and again until they arrive, to public addresses only."""

import hashlib
import hmac
import json
import time

import sqlalchemy as sa

from digest.errors import Refused
from digest.fetching import Fetcher, FetchFailed
from digest.models import bots, digests
from digest.store import bots as bot_store
from digest.store import digests as digest_store
from warren import jobs
from warren.contracts.digest import DeliverDigest, DeliveryReport
from warren.database import Database
from warren.errors import TransientError
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.worker.job import Job

SIGNATURE = "Warren-Signature"
"""Header `t=<Unix time>,v1=<hex>`: HMAC-SHA256 of `<time>.<body>` under the bot's secret, which the receiver compares
in constant time, refusing old times."""


def sign(secret: str, moment: int, body: bytes) -> str:
    """Value of the signature header."""
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mac}"


async def request_delivery(database: Database, send: jobs.Send, digest_id: str) -> None:
    """Have a job deliver it. Raises `BrokerUnavailable`; `digest.tick` asks again for those not asked for."""
    async with database.transaction() as connection:
        owner = (await connection.execute(sa.select(digests.c.owner).where(digests.c.id == digest_id))).scalar_one()
    await send(JobMessage.of(new_id("job"), DeliverDigest(owner=owner, digest_id=digest_id)))
    async with database.transaction() as connection:
        asked = sa.update(digests).where(digests.c.id == digest_id).values(deliver_sent_at=sa.func.now())
        await connection.execute(asked)


async def undelivered(database: Database, limit: int = 100) -> list[str]:
    """Digests for whose webhook nobody has asked yet, though a while has passed."""
    statement = (
        sa.select(digests.c.id)
        .join(bots, bots.c.id == digests.c.bot_id)
        .where(
            bots.c.webhook_url != "",
            digests.c.rerun_of.is_(None),
            digests.c.deliver_sent_at.is_(None),
            digests.c.created_at < sa.func.now() - sa.text("interval '1 minute'"),
            digests.c.created_at > sa.func.now() - sa.text("interval '1 day'"),
        )
        .limit(limit)
    )
    async with database.transaction() as connection:
        return list((await connection.execute(statement)).scalars())


class Deliveries:
    """Handler of `digest.deliver`."""

    def __init__(self, database: Database, fetcher: Fetcher) -> None:
        self._database = database
        self._fetcher = fetcher

    async def deliver(self, job: Job[DeliverDigest]) -> DeliveryReport:
        """Once: a digest that arrived is not sent again. Raises `TransientError` while the receiver does not take it,
        and `digest.not_found`."""
        async with self._database.transaction() as connection:
            row = await digest_store.row_of(connection, job.payload.owner, job.payload.digest_id)
            digest = await digest_store.find(connection, job.payload.owner, job.payload.digest_id)
            bot = await bot_store.find(connection, job.payload.owner, digest.bot_id)
        if row.delivered_at is not None or not bot.webhook_url:
            return DeliveryReport(digest_id=digest.id, status=200 if row.delivered_at is not None else 0)
        event = {"type": "digest.created", "id": digest.id, "data": digest.model_dump(mode="json")}
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", SIGNATURE: sign(bot.webhook_secret, int(time.time()), body)}
        try:
            answer = await self._fetcher.post(bot.webhook_url, headers, body)
        except FetchFailed as failed:
            await self._note(digest.id, failed.message)
            raise TransientError("webhook.failed", failed.message) from None
        if answer.status >= 300:
            await self._note(digest.id, f"It answered {answer.status}.")
            if answer.status == 410:
                raise Refused("webhook.gone", "The receiver is gone.")
            raise TransientError("webhook.failed", f"The receiver answered {answer.status}.")
        await self._note(digest.id, "")
        return DeliveryReport(digest_id=digest.id, status=answer.status)

    async def _note(self, digest_id: str, error: str) -> None:
        values = {"delivery_error": error} if error else {"delivery_error": "", "delivered_at": sa.func.now()}
        async with self._database.transaction() as connection:
            await connection.execute(sa.update(digests).where(digests.c.id == digest_id).values(values))
