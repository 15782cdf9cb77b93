"""Queries of the digest service: list, show and change its records. After the arrow stands what answers.

Every record belongs to an owner, the id of an API key: another owner's record answers `<record>.not_found`. Lists come
newest first, a page of `limit` after the id `after`.
"""

from typing import ClassVar, Literal

from pydantic import Field

from warren.contracts.base import Query
from warren.contracts.digest_records import (
    BotChanges,
    BotSpec,
    ChannelChanges,
    ChannelSpec,
    FateState,
    NewPost,
    PostResult,
)

POSTS_PER_MESSAGE = 500
"""Most posts that `digest.add_posts` takes; who has more asks several times."""
BYTES_PER_MESSAGE = 4_000_000
"""How large its body may be, about: RabbitMQ 4 refuses messages above 16 MiB."""


class OwnerQuery(Query):
    """About records of this owner only."""

    name: ClassVar[str] = ""

    owner: str


class ListQuery(OwnerQuery):
    limit: int = Field(20, ge=1, le=100)
    after: str | None = None


class RecordQuery(OwnerQuery):
    """About one record."""

    id: str


class ListBots(ListQuery):
    """→ `Bots`"""

    name: ClassVar[str] = "digest.list_bots"

    active: bool | None = None


class GetBot(RecordQuery):
    """→ `Bot`"""

    name: ClassVar[str] = "digest.get_bot"


class CreateBot(OwnerQuery):
    """→ `Bot`. Refused with `bot.invalid` for a schedule that is none or channels that are not there, and
    `url.unsafe`. The same `id` again answers with the bot that is there."""

    name: ClassVar[str] = "digest.create_bot"

    spec: BotSpec
    id: str | None = None
    """Chosen by who asks, so that asking again after a lost answer makes no second bot (`new_id("bot")`)."""


class UpdateBot(RecordQuery):
    """→ `Bot`. Refused as `CreateBot`."""

    name: ClassVar[str] = "digest.update_bot"

    changes: BotChanges


class DeleteBot(RecordQuery):
    """→ `Deleted`, with its digests; posts stay."""

    name: ClassVar[str] = "digest.delete_bot"


class ListPrompts(RecordQuery):
    """→ `PromptVersions` of a bot"""

    name: ClassVar[str] = "digest.list_prompts"


class ListChannels(ListQuery):
    """→ `Channels`"""

    name: ClassVar[str] = "digest.list_channels"


class GetChannel(RecordQuery):
    """→ `Channel`"""

    name: ClassVar[str] = "digest.get_channel"


class CreateChannel(OwnerQuery):
    """→ `Channel`. Refused with `url.unsafe`. The same `id` again answers with the channel that is there."""

    name: ClassVar[str] = "digest.create_channel"

    spec: ChannelSpec
    id: str | None = None


class UpdateChannel(RecordQuery):
    """→ `Channel`. Refused with `url.unsafe`."""

    name: ClassVar[str] = "digest.update_channel"

    changes: ChannelChanges


class DeleteChannel(RecordQuery):
    """→ `Deleted`, with its posts"""

    name: ClassVar[str] = "digest.delete_channel"


class AddPosts(OwnerQuery):
    """→ `AddedPosts`. A post that does not fit is rejected by itself: `post.empty`, `post.too_long`, `post.invalid`.
    Sending the same posts again adds nothing. Takes up to some seconds: give it a deadline of 20."""

    name: ClassVar[str] = "digest.add_posts"

    channel_id: str
    posts: tuple[NewPost, ...] = Field(max_length=POSTS_PER_MESSAGE)


class ListPosts(ListQuery):
    """→ `Posts`; with `bot_id` only those of its channels, and with `state` of those what the bot made of them."""

    name: ClassVar[str] = "digest.list_posts"

    channel_id: str | None = None
    bot_id: str | None = None
    state: FateState | None = None


class GetPost(RecordQuery):
    """→ `Post` with its whole text"""

    name: ClassVar[str] = "digest.get_post"


class DeletePost(RecordQuery):
    """→ `Deleted`"""

    name: ClassVar[str] = "digest.delete_post"


class ExplainPost(RecordQuery):
    """→ `PostFate`: why is this post in the digest, or why was it dropped?"""

    name: ClassVar[str] = "digest.explain_post"

    bot_id: str


class ListDigests(ListQuery):
    """→ `Digests`"""

    name: ClassVar[str] = "digest.list_digests"

    bot_id: str | None = None


class GetDigest(RecordQuery):
    """→ `Digest`"""

    name: ClassVar[str] = "digest.get_digest"


class DeleteDigest(RecordQuery):
    """→ `Deleted`"""

    name: ClassVar[str] = "digest.delete_digest"


class RenderDigest(RecordQuery):
    """→ `Rendering`"""

    name: ClassVar[str] = "digest.render_digest"

    format: Literal["markdown", "html"] = "markdown"


class GetFeed(Query):
    """→ `Rendering` (Atom) of a bot's digests, for its owner or for who has its `token`. `url` is the feed's own, and
    `digest_url` that of a digest, with `{id}` in it."""

    name: ClassVar[str] = "digest.get_feed"

    bot_id: str
    owner: str | None = None
    token: str | None = None
    url: str
    digest_url: str


class ListBuilds(ListQuery):
    """→ `Builds`"""

    name: ClassVar[str] = "digest.list_builds"

    bot_id: str | None = None


class GetBuild(RecordQuery):
    """→ `Build`, with its batches as they are now"""

    name: ClassVar[str] = "digest.get_build"


class StopBuilds(OwnerQuery):
    """→ `Stopped`. Builds of one bot, or of all, stop; what is done stays done, and the next build goes on."""

    name: ClassVar[str] = "digest.stop_builds"

    bot_id: str | None = None


class StatusQuery(OwnerQuery):
    """→ `DigestStatus`"""

    name: ClassVar[str] = "digest.status"

    bot_id: str | None = None


class RecordResults(OwnerQuery):
    """→ `RecordedResults`. Earlier clients wrote categories and summaries of a bot's posts themselves."""

    name: ClassVar[str] = "digest.record_results"

    bot_id: str
    service: str
    results: tuple[PostResult, ...] = Field(max_length=1000)
