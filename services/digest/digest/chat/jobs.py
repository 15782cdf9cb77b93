"""A chat message: its reply, and behind that its topics and recommendations."""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.chat import local, prompt
from digest.chat.parts import Parts
from digest.chat.recommending import refresh
from digest.chat.wording import wording
from digest.content.shelf import Shelf
from digest.errors import Refused
from digest.store import content, messages
from digest.store import topics as topic_store
from digest.topics import asking
from digest.topics.extract import find_topics, language_of
from warren import jobs
from warren.contracts.base import JobPayload
from warren.contracts.chat import Chat, ChatReply, FindTopics, FoundTopics, Recommend, Recommended, Reply
from warren.contracts.usage import Usage
from warren.database import Database
from warren.ids import new_id
from warren.llm import Completion, LlmClient, LlmError, LlmUnavailable
from warren.worker.job import Job
from warren.worker.log import insist

log = structlog.get_logger(__name__)

PURPOSE = "digest.chat"


class ChatJobs:
    """Handlers."""

    def __init__(self, database: Database, send: jobs.Send, shelf: Shelf, llm: LlmClient | None) -> None:
        self._database = database
        self._send = send
        self._shelf = shelf
        self._llm = llm

    async def chat(self, job: Job[Chat]) -> ChatReply:
        """Once the reply is told, nothing is waited for but that RabbitMQ has the job that finds the topic."""
        payload = job.payload
        async with self._database.transaction() as connection:
            earlier = await messages.find(connection, payload.owner, job.id)
            current = await topic_store.current(connection, payload.owner, payload.user_id)
        if earlier is not None:
            reply = ChatReply.model_validate(earlier.reply)
        else:
            reply = await self._reply(job, current.topic)
            async with self._database.transaction() as connection:
                await messages.add(connection, job.id, payload.owner, payload.user_id, payload.message, reply)
        await job.output(Reply(text=reply.reply, engine=reply.engine))
        topics_id, recommend_id = reply.follow_ups
        await self._follow(topics_id, FindTopics(owner=payload.owner, message_id=job.id, recommend_id=recommend_id))
        return reply

    async def _reply(self, job: Job[Chat], topic: str | None) -> ChatReply:
        """`topic` is what the person was on so far."""
        follow_ups = (new_id("job"), new_id("job"))
        warnings: tuple[str, ...] = ()
        if self._llm is not None and job.payload.engine == "auto":
            try:
                completion = await self._ask(self._llm, job, topic)
            except LlmError as error:
                log.warning("chat_fell_back", reason=error.message)
                warnings = (wording(language_of(job.payload.message)).fell_back.format(reason=error.message),)
            else:
                return ChatReply(
                    reply=completion.text,
                    engine=f"llm:{self._llm.model}",
                    topic=topic,
                    follow_ups=follow_ups,
                    usage=completion.usage,
                )
        said = local.reply(job.payload.message, await self._material(job.payload, topic))
        return ChatReply(reply=said, engine="local", topic=topic, follow_ups=follow_ups, warnings=warnings)

    async def _ask(self, llm: LlmClient, job: Job[Chat], topic: str | None) -> Completion:
        payload = job.payload
        async with self._database.transaction() as connection:
            dialog = await messages.dialog(connection, payload.owner, payload.user_id, prompt.HISTORY)
        completion = await llm.complete(
            prompt.write_prompt(payload.message, dialog, topic),
            purpose=PURPOSE,
            remember=False,
            max_tokens=prompt.LONGEST_REPLY,
            on_part=Parts(job),
        )
        if not completion.text.strip():
            raise LlmUnavailable(llm.provider, "the reply is empty", outcome="malformed")
        return completion

    async def _material(self, payload: Chat, current: str | None) -> local.Material:
        """On the first thing in the message that there is something on, or else on what the person was on so far."""
        language = language_of(payload.message)
        mentioned = list(await asyncio.to_thread(find_topics, payload.message))
        theme = self._shelf.library.theme_of(payload.message)
        if theme is not None:
            mentioned.append(theme.names[language])
        topics = [*mentioned, *([current] if current else [])]
        async with self._database.transaction() as connection:
            offer = await self._shelf.offer(connection, payload.owner, topics, language=language)
            read = await content.read_by(connection, payload.owner, payload.user_id)
        themes = [theme.names[language] for theme in self._shelf.library.themes]
        found = next((topic for topic in topics if offer.items[topic]), None)
        if found is None:
            return local.Material(None, (), themes)
        fresh_first = sorted(offer.items[found], key=lambda item: item.id in read)
        return local.Material(found, fresh_first, themes, carried=found not in mentioned)

    async def find_topics(self, job: Job[FindTopics]) -> FoundTopics:
        """What the message is about; counts it once, however often the job runs."""
        payload = job.payload
        async with self._database.transaction() as connection:
            row = await messages.find(connection, payload.owner, payload.message_id)
        if row is None:
            raise Refused("message.not_found", "This message was removed before its topic was looked for.")
        found = FoundTopics(topics=tuple(row.topics or ()), engine=row.topics_engine or "local")
        if row.topics is None:
            found = await self._found(row.text)
            async with self._database.transaction() as connection:
                found = await self._count(connection, payload, found)
        await self._follow(payload.recommend_id, Recommend(owner=payload.owner, user_id=row.user_id))
        return found

    async def _found(self, text: str) -> FoundTopics:
        if self._llm is not None:
            try:
                topics, usage = await asking.ask(self._llm, text)
            except LlmError as error:
                log.warning("topics_fell_back", reason=error.message)
            else:
                return FoundTopics(topics=topics, engine=f"llm:{self._llm.model}", usage=usage)
        # A long message takes a few milliseconds, the first Russian one a fifth of a second.
        topics = await asyncio.to_thread(find_topics, text)
        return FoundTopics(topics=topics, engine="local", usage=Usage())

    async def _count(self, connection: AsyncConnection, payload: FindTopics, found: FoundTopics) -> FoundTopics:
        await topic_store.take_turns(connection, payload.owner)
        row = await messages.find(connection, payload.owner, payload.message_id)
        if row is None or row.topics is not None:  # another run of this job was faster
            return found if row is None else found.model_copy(update={"topics": tuple(row.topics)})
        names = [
            await topic_store.count(connection, payload.owner, self._shelf.key(topic), topic, row.created_at)
            for topic in found.topics
        ]
        names = list(dict.fromkeys(names))
        await messages.set_topics(connection, row.id, names, found.engine)
        if names:
            await topic_store.set_current(
                connection, payload.owner, row.user_id, names[0],
                message_id=row.id, engine=found.engine, since=row.created_at,
            )  # fmt: skip
        return found.model_copy(update={"topics": tuple(names)})

    async def recommend(self, job: Job[Recommend]) -> Recommended:
        async with self._database.transaction() as connection:
            made = await refresh(connection, self._shelf, job.payload.owner, job.payload.user_id)
            await messages.set_recommended(connection, job.payload.owner, job.payload.user_id)
        return Recommended(items=len(made.items))

    async def _follow(self, job_id: str, payload: JobPayload) -> None:
        """Have RabbitMQ take a follow-up job, whenever that is. Again does no harm: its id is the same."""
        await insist(lambda: self._send(jobs.JobMessage.of(job_id, payload)), lambda: False)
