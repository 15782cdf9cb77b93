"""What the calls about digests, chat and content answer, as `/openapi.json` describes it. Nothing passes through these
models at run time; what a service answers unchanged is described by its own contract."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from gateway.schemas import Page
from warren.contracts import digest_records as records
from warren.contracts.chat import ContentItem, PopularTopic, Recommendation


class Bot(records.Bot):
    """Turns the posts of its channels into digests."""

    feed_url: str = Field(description="Its digests as an Atom feed, for readers that send no key")


class BotList(Page):
    """Bots, newest first."""

    data: list[Bot]


class PromptVersionList(Page):
    """Prompts and categories of a bot, newest first."""

    data: list[records.PromptVersion]


class RunList(Page):
    """Runs of a bot, newest first."""

    data: list[records.Build]


class ChannelList(Page):
    """Channels, newest first."""

    data: list[records.Channel]


class PostList(Page):
    """Posts, newest first."""

    data: list[records.Post]


class PostResult(BaseModel):
    """What became of a post that was sent."""

    line: int = Field(description="Which one, from 1")
    status: Literal["added", "duplicate", "rejected"]
    id: str | None = Field(description="Of the stored post; of a duplicate, that of the first")
    code: str = Field(description="Why it was rejected")
    message: str


class PostsReport(BaseModel):
    """What became of the posts of a call."""

    object: Literal["posts"]
    added: int
    duplicates: int
    rejected: int
    results: list[PostResult]


class DigestList(Page):
    """Digests, newest first, without their stories."""

    data: list[records.DigestSummary]


class Start(BaseModel):
    """A bot that was started, or ran already."""

    bot_id: str
    job_id: str = Field(description="Also the id of the run")
    status: Literal["queued", "running"]


class StartList(Page):
    """Bots that were started."""

    data: list[Start]


class RecommendationList(Page):
    """What a person may like to read."""

    data: list[Recommendation]
    user_id: str
    made_at: datetime
    expires_at: datetime
    stale: bool = Field(description="The content is of an earlier day")


class ContentPage(Page):
    """Content of one kind."""

    data: list[ContentItem]
    topic: str | None
    day: date
    stale: bool = Field(description="It is of an earlier day, because today's could not be prepared")


class PopularTopicList(Page):
    """What people talk about, most of all first."""

    data: list[PopularTopic]
    refreshed_at: datetime | None
