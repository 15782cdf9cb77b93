"""Jobs of the digest service. Their records, and the queries about them, are in `digest_records`."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from warren.contracts.base import JobPayload, JobResult, Message
from warren.contracts.digest_records import Category

EngineChoice = Literal["auto", "local", "llm"]
"""auto: the model where there is a key, else the local engine."""


class BuildDigest(JobPayload):
    """Categorize and summarize a bot's unprocessed posts, then make a digest of the best of them.

    The job waits for its batches, which are jobs of a queue of their own. One build of a bot runs at a time: another
    fails with `digest.already_running`. `sync` works the batches off one after the other within this job, for a
    debugger.
    """

    kind: ClassVar[str] = "digest.build"
    queue: ClassVar[str] = "digest-builds"
    timeout: ClassVar[float] = 3600.0
    max_retries: ClassVar[int] = 10
    innocent_after: ClassVar[float | None] = 10.0

    owner: str
    bot_id: str
    trigger: Literal["api", "schedule"] = "api"
    max_posts: int | None = Field(None, ge=1, le=10_000)
    """Newest posts to take; the service's own limit when empty."""
    engine: EngineChoice = "auto"
    sync: bool = False


class BuildReport(JobResult):
    """Result of `digest.build`. `digest_id` is None when there was nothing new to tell.

    `sizes` are those of the batches, in the order in which they were cut. `posts` is the sum of `digested`, `dropped`
    and `failed`.
    """

    brief: ClassVar[frozenset[str]] = frozenset({"digest_id", "posts", "digested", "dropped", "failed", "engine"})

    bot_id: str
    digest_id: str | None = None
    posts: int = 0
    digested: int = 0
    dropped: int = 0
    failed: int = 0
    engine: str = ""
    """`llm`, `local`, or `llm+local` where the local engine helped out."""
    sizes: tuple[int, ...] = ()
    usage: dict[str, Any] = Field(default_factory=dict)
    """Requests, tokens and money, as far as the engine knows."""
    warnings: tuple[str, ...] = ()


class CategorizeBatch(JobPayload):
    """First step of a batch: a category, or none, for each of its posts. What they are stands in the service's tables.

    `n` is the batch's number within the build, from 1.
    """

    kind: ClassVar[str] = "digest.categorize"
    queue: ClassVar[str] = "digest-batches"
    timeout: ClassVar[float] = 900.0
    max_retries: ClassVar[int] = 20

    build_id: str
    n: int


class SummarizeBatch(JobPayload):
    """Second step of the same batch: a summary of every post that has a category."""

    kind: ClassVar[str] = "digest.summarize"
    queue: ClassVar[str] = "digest-batches"
    timeout: ClassVar[float] = 900.0
    max_retries: ClassVar[int] = 20

    build_id: str
    n: int


class PreviewBot(JobPayload):
    """Try prompts and categories on a few posts without keeping anything. What is empty is the bot's own."""

    kind: ClassVar[str] = "digest.preview"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 300.0

    owner: str
    bot_id: str
    max_posts: int = Field(10, ge=1, le=50)
    categories: tuple[Category, ...] | None = Field(None, min_length=1, max_length=50)
    categorization_prompt: str | None = Field(None, max_length=20_000)
    summarization_prompt: str | None = Field(None, max_length=20_000)
    engine: EngineChoice = "auto"


class PreviewedPost(Message):
    """What became of one post. `category` is None when none fits; `reason` says why."""

    post_id: str
    title: str
    category: str | None = None
    summary: str = ""
    reason: str = ""
    engine: str = ""


class Preview(JobResult):
    """Result of `digest.preview`."""

    bot_id: str
    posts: tuple[PreviewedPost, ...] = ()
    usage: dict[str, Any] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class RerunDigest(JobPayload):
    """Make an old digest again from the same posts, under another prompt, and compare the two.

    Empty prompts are the bot's present ones; `prompt_version` takes an earlier version of both.
    """

    kind: ClassVar[str] = "digest.rerun"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 900.0

    owner: str
    digest_id: str
    prompt_version: int | None = None
    categorization_prompt: str | None = Field(None, max_length=20_000)
    summarization_prompt: str | None = Field(None, max_length=20_000)
    engine: EngineChoice = "auto"


class ComparedPost(Message):
    """One post before and after. A category of None: it is not in that digest, for the reason given."""

    post_id: str
    title: str
    category_before: str | None = None
    category_after: str | None = None
    summary_before: str = ""
    summary_after: str = ""
    reason_before: str = ""
    reason_after: str = ""


class DigestComparison(JobResult):
    """Result of `digest.rerun`: `digest_id` is the new digest, `rerun_of` the old one. Posts whose category changed
    come first; `moved` counts them."""

    brief: ClassVar[frozenset[str]] = frozenset({"digest_id", "rerun_of", "moved"})

    digest_id: str
    rerun_of: str
    moved: int = 0
    posts: tuple[ComparedPost, ...] = ()
    usage: dict[str, Any] = Field(default_factory=dict)


class PollFeed(JobPayload):
    """Read one feed channel now, if its publisher may be asked again."""

    kind: ClassVar[str] = "digest.poll"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 60.0

    owner: str
    channel_id: str
    force: bool = False
    """Ask even within the back-off; conditional requests and limits hold all the same."""


class PollReport(JobResult):
    """Result of `digest.poll`. `status`: read, unchanged (304), waiting (in its back-off), or failed: see `error`."""

    channel_id: str
    status: Literal["read", "unchanged", "waiting", "failed"]
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    error: str = ""


class DeliverDigest(JobPayload):
    """POST a digest to its bot's webhook, signed."""

    kind: ClassVar[str] = "digest.deliver"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 60.0
    max_retries: ClassVar[int] = 20
    """With the longest pauses about an hour."""

    owner: str
    digest_id: str


class DeliveryReport(JobResult):
    """Result of `digest.deliver`. `status` is the HTTP status of the receiver."""

    digest_id: str
    status: int


class Tick(JobPayload):
    """Start what is due in this minute: builds and feeds. `slot` is the scheduled minute."""

    kind: ClassVar[str] = "digest.tick"
    queue: ClassVar[str] = "digest"
    timeout: ClassVar[float] = 120.0

    slot: str


class TickReport(JobResult):
    """How many jobs of each were sent."""

    builds: int = 0
    polls: int = 0
