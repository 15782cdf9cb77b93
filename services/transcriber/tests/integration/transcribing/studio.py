"""The gateway's side of a live stream, for tests: submits the job, sends audio, hears what is told."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from warren import audio, events, jobs, topology
from warren.audio import Frame, FrameType
from warren.broker import Broker
from warren.contracts.base import JobPayload
from warren.contracts.events import JobEvent
from warren.contracts.gateway import JobStates, JobStatesQuery
from warren.contracts.transcriber import StreamEvent, Synced, TranscribeStream, Transcript, beyond, stream_event
from warren.ids import new_id
from warren.jobs import JobMessage
from warren.queries import QueryServer

SECONDS = 150.0
"""A busy machine may stand still for a while."""
T = TypeVar("T")


class Studio:
    """Hears all events; `open()` once."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._events: list[JobEvent] = []
        self._told = asyncio.Condition()
        self._listening = asyncio.Event()

    async def open(self) -> None:
        self.broker.consume(self._listen)
        QueryServer(self.broker, "gateway", {JobStatesQuery: self._answer}).start()
        await self._listening.wait()

    async def submit(self, payload: JobPayload) -> str:
        job_id = new_id("job")
        await jobs.publish(self.broker, JobMessage.of(job_id, payload))
        return job_id

    async def stream(self, payload: TranscribeStream | None = None) -> "Stream":
        job_id = new_id("job")
        await self.broker.declare(topology.audio_queue(job_id))
        await jobs.publish(self.broker, JobMessage.of(job_id, payload or TranscribeStream()))
        return Stream(self, job_id)

    def events(self, job_id: str) -> list[JobEvent]:
        return [event for event in self._events if event.job_id == job_id]

    async def wait(self, job_id: str, found: Callable[[list[JobEvent]], T | None], seconds: float = SECONDS) -> T:
        """What `found` finds in the job's events, as soon as it does."""
        try:
            async with asyncio.timeout(seconds), self._told:
                await self._told.wait_for(lambda: found(self.events(job_id)) is not None)
        except TimeoutError:
            raise AssertionError(f"heard only {self.events(job_id)}") from None
        result = found(self.events(job_id))
        assert result is not None
        return result

    async def end(self, job_id: str) -> JobEvent:
        """The job's terminal event."""
        return await self.wait(job_id, lambda events: next((e for e in events if e.type.terminal), None))

    async def _listen(self, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(new_id("test.events"), exclusive=True, auto_delete=True)
        await queue.bind(topology.EVENTS, "#")
        await queue.consume(self._receive, no_ack=True)
        self._listening.set()

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        async with self._told:
            self._events += events.decode(message.body)
            self._told.notify_all()

    async def _answer(self, _query: JobStatesQuery) -> JobStates:
        return JobStates()


class Stream:
    """One live stream."""

    def __init__(self, studio: Studio, job_id: str) -> None:
        self.id = job_id
        self._studio = studio
        self.seq = 0
        self.offset = 0

    async def send(self, data: bytes, size: int) -> None:
        """Send it in chunks of this many bytes, as fast as RabbitMQ takes them."""
        for at in range(0, len(data), size):
            chunk = data[at : at + size]
            self.seq += 1
            await self._publish(FrameType.chunk, chunk)
            self.offset += len(chunk)

    async def say(self, what: FrameType) -> None:
        await self._publish(what, b"")

    async def _publish(self, what: FrameType, body: bytes) -> None:
        await audio.publish(self._studio.broker, self.id, Frame(what, self.seq, self.offset, body))

    def told(self) -> list[StreamEvent]:
        return [told for event in self._studio.events(self.id) if (told := stream_event(event)) is not None]

    def finals(self) -> list[Transcript]:
        """As the gateway delivers them: words once."""
        delivered: list[Transcript] = []
        position = 0.0
        for told in self.told():
            if isinstance(told, Transcript) and told.final:
                if (new := beyond(told, position)) is not None:
                    delivered.append(new)
                position = max(position, told.covers)
        return delivered

    @property
    def text(self) -> str:
        return " ".join(final.text for final in self.finals())

    async def synced(self) -> Synced:
        """Where the transcriber is."""
        before = sum(isinstance(told, Synced) for told in self.told())
        await self.say(FrameType.sync)

        def newest(_: list[JobEvent]) -> Synced | None:
            answers = [told for told in self.told() if isinstance(told, Synced)]
            return answers[-1] if len(answers) > before else None

        return await self._studio.wait(self.id, newest)

    async def until(self, found: Callable[[StreamEvent], bool]) -> StreamEvent:
        return await self._studio.wait(self.id, lambda _: next((told for told in self.told() if found(told)), None))

    async def end(self) -> JobEvent:
        return await self._studio.end(self.id)
