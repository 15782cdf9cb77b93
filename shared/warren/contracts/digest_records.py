"""Records of the digest service: bots, channels, posts, builds and digests, as its queries answer with them."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from warren.contracts.base import Message

PROMPT_MAX_CHARS = 20_000


class Category(Message):
    """One topic of a bot. `description` and `keywords` are what the local engine knows of it besides its name."""

    name: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=2000)
    keywords: tuple[str, ...] = Field((), max_length=200)


class BotSpec(Message):
    """What a client says about a bot. Limits hold for whoever sends it, so that the entrance can show the field."""

    name: str = Field(min_length=1, max_length=200)
    channels: tuple[str, ...] = Field((), max_length=100)
    """Ids of the channels it reads."""
    categories: tuple[Category, ...] = Field(min_length=1, max_length=50)
    categorization_prompt: str = Field("", max_length=PROMPT_MAX_CHARS)
    summarization_prompt: str = Field("", max_length=PROMPT_MAX_CHARS)
    language: str = Field("en", min_length=2, max_length=35)
    """BCP 47 tag of the language of its digests."""
    max_posts_per_digest: int = Field(15, ge=1, le=200)
    schedule: str = Field("", max_length=100)
    """When to build, as a cron expression in UTC (`0 7 * * *`); only when asked if empty."""
    active: bool = True
    webhook_url: str = Field("", max_length=2000)
    """Where each new digest is sent; nowhere if empty."""

    @model_validator(mode="after")
    def _categories_differ(self) -> Self:
        _require_different(self.categories)
        return self


class BotChanges(Message):
    """What to change about a bot; None leaves it as it is."""

    name: str | None = Field(None, min_length=1, max_length=200)
    channels: tuple[str, ...] | None = Field(None, max_length=100)
    categories: tuple[Category, ...] | None = Field(None, min_length=1, max_length=50)
    categorization_prompt: str | None = Field(None, max_length=PROMPT_MAX_CHARS)
    summarization_prompt: str | None = Field(None, max_length=PROMPT_MAX_CHARS)
    language: str | None = Field(None, min_length=2, max_length=35)
    max_posts_per_digest: int | None = Field(None, ge=1, le=200)
    schedule: str | None = Field(None, max_length=100)
    active: bool | None = None
    webhook_url: str | None = Field(None, max_length=2000)

    @model_validator(mode="after")
    def _categories_differ(self) -> Self:
        _require_different(self.categories or ())
        return self


def _require_different(categories: tuple[Category, ...]) -> None:
    names = [category.name.casefold().strip() for category in categories]
    if len(set(names)) < len(names):
        raise ValueError("categories need different names")


class Bot(BotSpec):
    """`prompt_version` counts changes of prompts and categories. `feed_token` opens its Atom feed to readers that can
    send no key; `webhook_secret` signs its webhooks."""

    id: str
    object: Literal["bot"] = "bot"
    prompt_version: int
    feed_token: str
    webhook_secret: str
    created_at: datetime
    updated_at: datetime


class Bots(Message):
    data: tuple[Bot, ...] = ()
    has_more: bool = False


class PromptVersion(Message):
    """Prompts and categories as they were from `created_at` on."""

    version: int
    categorization_prompt: str = ""
    summarization_prompt: str = ""
    categories: tuple[Category, ...]
    created_at: datetime


class PromptVersions(Message):
    """Newest first."""

    data: tuple[PromptVersion, ...] = ()


class ChannelSpec(Message):
    """A source of posts: a feed when `url` is given, else posts are pushed."""

    name: str = Field(min_length=1, max_length=200)
    url: str = Field("", max_length=2000)
    poll_seconds: int = Field(900, ge=60, le=7 * 86_400)
    active: bool = True


class ChannelChanges(Message):
    """What to change about a channel; None leaves it as it is."""

    name: str | None = Field(None, min_length=1, max_length=200)
    url: str | None = Field(None, max_length=2000)
    poll_seconds: int | None = Field(None, ge=60, le=7 * 86_400)
    active: bool | None = None


class Channel(ChannelSpec):
    """`error` is why the last poll failed; empty after one that went well."""

    id: str
    object: Literal["channel"] = "channel"
    posts: int = 0
    error: str = ""
    failures: int = 0
    polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    created_at: datetime


class Channels(Message):
    data: tuple[Channel, ...] = ()
    has_more: bool = False


class NewPost(Message):
    """A post to add. HTML is stripped from `text`. The same `external_id` or `url` twice in a channel is one post."""

    external_id: str = ""
    url: str = ""
    title: str = ""
    text: str = ""
    author: str = ""
    published_at: datetime | None = None


class Post(Message):
    """In lists `text` holds the first 2,000 characters, and `truncated` says whether there are more."""

    id: str
    object: Literal["post"] = "post"
    channel_id: str
    external_id: str = ""
    url: str = ""
    title: str = ""
    text: str = ""
    truncated: bool = False
    author: str = ""
    published_at: datetime | None = None
    created_at: datetime


class Posts(Message):
    data: tuple[Post, ...] = ()
    has_more: bool = False


class PostOutcome(Message):
    """What became of the post at `index` of the call. `id` is that of the stored post, also of a duplicate's first."""

    index: int
    status: Literal["added", "duplicate", "rejected"]
    id: str | None = None
    code: str = ""
    message: str = ""


class AddedPosts(Message):
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    results: tuple[PostOutcome, ...] = ()


FateState = Literal["unprocessed", "categorized", "summarized", "digested", "dropped", "failed"]


class PostFate(Message):
    """What one bot made of one post, and why. `duplicate_of` is the post it repeats."""

    post_id: str
    bot_id: str
    state: FateState
    reason: str = ""
    category: str | None = None
    summary: str = ""
    duplicate_of: str | None = None
    engine: str = ""
    prompt_version: int | None = None
    build_id: str | None = None
    digest_id: str | None = None
    updated_at: datetime | None = None


class BatchState(Message):
    """One batch of a build. `invalid` counts posts that the engine skipped, merged or answered wrongly."""

    n: int
    size: int
    state: Literal["waiting", "categorizing", "categorized", "summarizing", "done", "abandoned"]
    invalid: int = 0
    engine: str = ""
    seconds: float | None = None


class Build(Message):
    """One run of a bot's pipeline; its id is that of the job."""

    id: str
    object: Literal["build"] = "build"
    bot_id: str
    status: Literal["running", "completed", "failed", "stopped"]
    trigger: str = "api"
    posts: int = 0
    posts_done: int = 0
    batches: tuple[BatchState, ...] = ()
    digest_id: str | None = None
    error: str = ""
    started_at: datetime
    ended_at: datetime | None = None


class Builds(Message):
    data: tuple[Build, ...] = ()
    has_more: bool = False


class Sentence(Message):
    """A sentence of a digest, with the posts it came from."""

    text: str
    post_ids: tuple[str, ...]


class DigestItem(Message):
    """One story. `post_ids` are the post and those that repeat it."""

    title: str
    url: str = ""
    sentences: tuple[Sentence, ...]
    post_ids: tuple[str, ...]
    published_at: datetime | None = None


class Section(Message):
    """The stories of one category."""

    category: str
    items: tuple[DigestItem, ...]


class DigestSummary(Message):
    """A digest as lists show it."""

    id: str
    object: Literal["digest"] = "digest"
    bot_id: str
    build_id: str | None = None
    title: str
    language: str = "en"
    engine: str = ""
    prompt_version: int
    posts: int
    """Stories in it."""
    considered: int
    """Posts it was chosen from."""
    rerun_of: str | None = None
    created_at: datetime


class Digest(DigestSummary):
    sections: tuple[Section, ...] = ()
    sizes: tuple[int, ...] = ()
    usage: dict[str, Any] = Field(default_factory=dict)


class Digests(Message):
    data: tuple[DigestSummary, ...] = ()
    has_more: bool = False


class Rendering(Message):
    """A document. HTML is escaped and safe to show."""

    media_type: str
    text: str


class BotStatus(Message):
    """What a bot has to do and does."""

    bot_id: str
    name: str
    active: bool
    unprocessed: int = 0
    build: Build | None = None
    """The one that runs, or else the latest."""


class DigestStatus(Message):
    """Answer to `digest.status`."""

    engine: str
    bots: tuple[BotStatus, ...] = ()


class Stopped(Message):
    """Ids of the builds that were told to stop."""

    build_ids: tuple[str, ...] = ()


class Deleted(Message):
    id: str
    deleted: bool = True


class PostResult(Message):
    """An answer about one post that a worker outside found. `error` makes it failed."""

    post_id: str
    category: str | None = None
    summary: str | None = None
    error: str | None = None


class RecordedResults(Message):
    """Answer to `digest.record_results`. `unknown` are ids of posts that are not the bot's."""

    updated: int = 0
    unknown: tuple[str, ...] = ()
