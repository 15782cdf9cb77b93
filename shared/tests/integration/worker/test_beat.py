"""Beat sends each slot of a schedule; two Beats send it twice, under the same name."""

import json
import sys
from datetime import datetime
from pathlib import Path

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren.embedded import free_port
from warren.testing.processes import Programs, until
from warren.testing.script import Script

from .desk import Desk


async def test_every_beat_sends_every_slot(programs: Programs, own_desk: Desk, tmp_path: Path) -> None:
    jobs: list[AbstractIncomingMessage] = []

    async def listen(channel: AbstractChannel) -> None:
        async def receive(message: AbstractIncomingMessage) -> None:
            jobs.append(message)
            await message.ack()

        queue = await channel.get_queue(Script.queue, ensure=False)
        await queue.consume(receive)

    own_desk.broker.consume(listen)
    heartbeat, port = tmp_path / "heartbeat", free_port()
    watched = {"WARREN_HEARTBEAT_FILE": str(heartbeat), "WARREN_METRICS_PORT": str(port)}
    command = (sys.executable, "-m", "warren.testing.script", "beat")
    beats = [
        programs.start("beat", *command),
        programs.start("beat", *command, url=f"http://127.0.0.1:{port}", **watched),
    ]

    def slots() -> list[str]:
        return [json.loads(message.body)[1]["payload"]["runs"][0][0] for message in jobs]

    await until(lambda: max(map(slots().count, slots()), default=0) == 2, 30, "two messages of one slot")
    await until(lambda: len(set(slots())) >= 3, 30, "three slots")
    assert heartbeat.exists()
    assert beats[1].health("live") == beats[1].health("ready") == 200
    sent = next(
        line for line in beats[1].fetch("/metrics")[1].splitlines() if line.startswith("celery_task_sent_total{")
    )
    assert float(sent.split()[-1]) >= 1
    for beat in beats:
        beat.terminate()
        assert await beat.exited(10) == 0
    moments = sorted(datetime.fromisoformat(slot.removeprefix("progress ")) for slot in set(slots()))
    assert all(moment.microsecond == 0 for moment in moments), "slots are whole multiples of the period"
    assert len({message.message_id for message in jobs}) == len(jobs), "each is a job of its own"
    assert {message.headers["task"] for message in jobs} == {Script.kind}
