"""What the digest service does: the table of its jobs."""

from digest.chat.jobs import ChatJobs
from digest.content.jobs import ContentJobs
from digest.delivery import Deliveries
from digest.engines.asking import Engines
from digest.feeds import Feeds
from digest.fetching import Fetcher
from digest.pipeline.again import Again
from digest.pipeline.batches import BatchSteps
from digest.pipeline.build import Builder
from digest.settings import DigestSettings
from digest.ticks import Ticks
from warren import jobs
from warren.contracts.chat import Chat, Cleanup, DailyContent, FindTopics, Recommend, RefreshTopics, TopicContent
from warren.contracts.digest import (
    BuildDigest,
    CategorizeBatch,
    DeliverDigest,
    PollFeed,
    PreviewBot,
    RerunDigest,
    SummarizeBatch,
    Tick,
)
from warren.database import Database
from warren.worker.cruncher import Cruncher
from warren.worker.runtime import JobHandlers


def handlers(
    settings: DigestSettings,
    database: Database,
    send: jobs.Send,
    cruncher: Cruncher,
    engines: Engines,
    fetcher: Fetcher,
) -> JobHandlers:
    """Job kinds and who does them."""
    steps = BatchSteps(database, engines)
    again = Again(database, engines)
    return {
        BuildDigest: Builder(settings, database, send, cruncher, engines).build,
        CategorizeBatch: steps.categorize,
        SummarizeBatch: steps.summarize,
        PreviewBot: again.preview,
        RerunDigest: again.rerun,
        PollFeed: Feeds(database, fetcher, cruncher).poll,
        DeliverDigest: Deliveries(database, fetcher).deliver,
        Tick: Ticks(database, send).tick,
    }


def chat_handlers(chats: ChatJobs, contents: ContentJobs) -> JobHandlers:
    """Those of chat and content."""
    return {
        Chat: chats.chat,
        FindTopics: chats.find_topics,
        Recommend: chats.recommend,
        DailyContent: contents.daily,
        TopicContent: contents.prepare,
        RefreshTopics: contents.refresh,
        Cleanup: contents.clean_up,
    }
