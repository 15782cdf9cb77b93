"""Chat, topics, content and recommendations: jobs and queries of the digest service.

Everything belongs to an `owner`, the id of an API key: what one owns no other sees. `user_id` is whatever the owner
calls a person. `engine` says who made it: `llm:<model>`, `local`, `library` (shipped with the service) or `feed`.
"""

import enum
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter

from warren.contracts.base import JobPayload, JobResult, Message, Query
from warren.contracts.events import EventType, JobEvent
from warren.contracts.usage import Usage

LONGEST_MESSAGE = 8_000
"""Characters of a chat message."""
LONGEST_TOPIC = 100
"""Characters of a topic's name."""

Owner = Annotated[str, Field(min_length=1, max_length=100)]
UserId = Annotated[str, Field(min_length=1, max_length=200)]
TopicName = Annotated[str, Field(min_length=1, max_length=LONGEST_TOPIC)]
Count = Annotated[int, Field(ge=1, le=100)]


# Chat -----------------------------------------------------------------------------------------------------------------


class Chat(JobPayload):
    """A person says something. The reply is told in `ReplyPart`s where the engine streams, then whole as a `Reply`;
    only then do the jobs begin that find its topic and refresh recommendations. The job's id is the message's id."""

    kind: ClassVar[str] = "digest.chat"
    queue: ClassVar[str] = "digest-chat"
    timeout: ClassVar[float] = 120.0

    owner: Owner
    user_id: UserId
    message: str = Field(min_length=1, max_length=LONGEST_MESSAGE)
    engine: Literal["auto", "local"] = "auto"


class ReplyPart(Message):
    """Live: the reply goes on with `text` at character `offset`. Offset 0 begins anew: forget earlier parts."""

    type: Literal["reply_part"] = "reply_part"
    offset: int
    text: str


class Reply(Message):
    """Output: the whole reply, whatever parts of it were told."""

    type: Literal["reply"] = "reply"
    text: str
    engine: str


ChatEvent = Annotated[ReplyPart | Reply, Field(discriminator="type")]
_CHAT_EVENT: TypeAdapter[ChatEvent] = TypeAdapter(ChatEvent)


def chat_event(event: JobEvent) -> ChatEvent | None:
    """What an `output` or `live` event of a chat job says; None for events of other types.

    Raises `pydantic.ValidationError`.
    """
    if event.type not in {EventType.output, EventType.live}:
        return None
    return _CHAT_EVENT.validate_python(event.data)


class ChatReply(JobResult):
    """Result of `digest.chat`. `topic` is the one the person was on before this message, if that is still fresh: its
    own is being found by the follow-up jobs, whose ids are here (`FollowUpQuery` asks for them).

    `warnings` say, for a person, what was not as usual: that the model is away, and the reply is plainer.
    """

    brief: ClassVar[frozenset[str]] = frozenset({"reply", "engine", "topic"})

    reply: str
    engine: str
    topic: str | None = None
    follow_ups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: Usage = Usage()


class FollowUpQuery(Query):
    """Asks what became of a follow-up job of a chat message. The gateway has no row of such a job."""

    name: ClassVar[str] = "digest.follow_up"

    owner: Owner
    job_id: str


class FollowUp(Message):
    """`unknown`: no message of this owner has such a follow-up. `topic` is that of the message, once it is found."""

    status: Literal["unknown", "queued", "completed"]
    kind: str | None = None
    message_id: str | None = None
    topic: str | None = None


# Topics ---------------------------------------------------------------------------------------------------------------


class FindTopics(JobPayload):
    """What a chat message is about. Follows its reply; refreshes the person's recommendations afterwards."""

    kind: ClassVar[str] = "digest.topics"
    queue: ClassVar[str] = "digest-chat"
    timeout: ClassVar[float] = 60.0

    owner: Owner
    message_id: str
    recommend_id: str
    """Id of the job that refreshes the recommendations behind this one."""


class FoundTopics(JobResult):
    """`topics` has the best first; none for a message that is about nothing ("ok", "thanks")."""

    topics: tuple[str, ...] = ()
    engine: str
    usage: Usage = Usage()


class UserTopicQuery(Query):
    """Asks what a person is talking about now."""

    name: ClassVar[str] = "digest.user_topic"

    owner: Owner
    user_id: UserId


class UserTopic(Message):
    """`topic` is None when nothing was said within the hour, or nothing that has a topic."""

    user_id: str
    topic: str | None = None
    message_id: str | None = None
    since: datetime | None = None
    expires_at: datetime | None = None
    engine: str | None = None


class PopularTopicsQuery(Query):
    """Asks what the owner's people talk about most."""

    name: ClassVar[str] = "digest.popular_topics"

    owner: Owner
    limit: Count = 20


class PopularTopic(Message):
    """`popularity` is the number of messages, each of which counts half as much after every half-life."""

    topic: str
    popularity: float
    messages: int
    last_at: datetime


class PopularTopics(Message):
    """As of `refreshed_at`; None before the first refresh."""

    topics: tuple[PopularTopic, ...] = ()
    refreshed_at: datetime | None = None


# Content --------------------------------------------------------------------------------------------------------------


class ContentKind(enum.StrEnum):
    """What a person can be shown."""

    quote = "quote"
    article = "article"
    video = "video"


class ContentItem(Message):
    """`text` is the quote, the article's or a description of the video. `source` says where it is from, for a person.

    A video without `url` has `search` instead: words to look for it with, because nobody checked an address.
    """

    id: str
    kind: ContentKind
    topic: str
    title: str
    text: str
    author: str = ""
    source: str = ""
    url: str | None = None
    search: str | None = None
    language: str = "en"
    engine: str
    day: date


class ContentQuery(Query):
    """Asks for content of one kind. Without a topic: of the day's. `language` is two letters; any when empty."""

    name: ClassVar[str] = "digest.content_of"

    owner: Owner
    kind: ContentKind
    topic: TopicName | None = None
    language: str | None = None
    limit: Count = 20


class ContentList(Message):
    """`stale`: it is of an earlier day, because today's could not be had. `topic` is the one it really is about."""

    items: tuple[ContentItem, ...] = ()
    topic: str | None = None
    day: date
    stale: bool = False


class TodayQuery(Query):
    """Asks for the day's content: something of each kind on what is popular."""

    name: ClassVar[str] = "digest.today"

    owner: Owner
    language: str | None = None


class TodaysContent(Message):
    """`stale` as in `ContentList`."""

    day: date
    topics: tuple[str, ...] = ()
    quotes: tuple[ContentItem, ...] = ()
    articles: tuple[ContentItem, ...] = ()
    videos: tuple[ContentItem, ...] = ()
    stale: bool = False


# Recommendations ------------------------------------------------------------------------------------------------------


class Recommend(JobPayload):
    """Refreshes a person's recommendations."""

    kind: ClassVar[str] = "digest.recommend"
    queue: ClassVar[str] = "digest-chat"
    timeout: ClassVar[float] = 60.0

    owner: Owner
    user_id: UserId


class Recommended(JobResult):
    """How many there are now."""

    items: int = 0


class RecommendationsQuery(Query):
    """Asks what a person may like to read next. Those that are older than half an hour are made anew by this."""

    name: ClassVar[str] = "digest.recommendations"

    owner: Owner
    user_id: UserId
    limit: Count = 20


class Recommendation(Message):
    """`reason` is a sentence for the person; it names the message `message_id`, which `quoted` cites. Both are empty
    for one who has said nothing yet."""

    item: ContentItem
    reason: str
    message_id: str | None = None
    quoted: str | None = None
    score: float


class Recommendations(Message):
    """Best first; nothing the person has read. `stale` as in `ContentList`."""

    user_id: str
    items: tuple[Recommendation, ...] = ()
    made_at: datetime
    expires_at: datetime
    stale: bool = False


class MarkRead(Query):
    """Says that a person has read these: they are never recommended to that person again. Again does no harm."""

    name: ClassVar[str] = "digest.mark_read"

    owner: Owner
    user_id: UserId
    item_ids: tuple[Annotated[str, Field(max_length=100)], ...] = Field(min_length=1, max_length=100)


class MarkedRead(Message):
    """How many the person has read in all, and which ids name nothing this owner has."""

    read: int
    unknown: tuple[str, ...] = ()


# Scheduled ------------------------------------------------------------------------------------------------------------


class DailyContent(JobPayload):
    """Has the day's content prepared for what is popular with each owner. Every hour; does each `slot` once."""

    kind: ClassVar[str] = "digest.daily"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 300.0

    slot: str


class DailyReport(JobResult):
    """How many topics are being prepared, of how many owners."""

    owners: int = 0
    topics: int = 0


class TopicContent(JobPayload):
    """Prepares one topic's content of one day. What is there already stays."""

    kind: ClassVar[str] = "digest.content"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 300.0

    owner: Owner
    topic: TopicName
    day: date


class PreparedContent(JobResult):
    """How many items the topic has for the day, and who made those that are new."""

    quotes: int = 0
    articles: int = 0
    videos: int = 0
    engine: str
    warnings: tuple[str, ...] = ()
    usage: Usage = Usage()


class RefreshTopics(JobPayload):
    """Lets popularity decay, merges topics that mean the same, keeps the list of popular ones. Every half hour."""

    kind: ClassVar[str] = "digest.popular"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 120.0

    slot: str


class TopicsReport(JobResult):
    """How many topics there are, were merged into others, and were forgotten."""

    topics: int = 0
    merged: int = 0
    forgotten: int = 0


class Cleanup(JobPayload):
    """Removes old content, messages and what else has had its time. Daily."""

    kind: ClassVar[str] = "digest.cleanup"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 300.0

    slot: str


class CleanupReport(JobResult):
    """How many of each were removed."""

    content: int = 0
    messages: int = 0
    user_topics: int = 0
    recommendations: int = 0
