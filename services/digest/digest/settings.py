"""Settings of the digest service."""

from pydantic import Field

from warren.llm.settings import LlmSettings
from warren.settings import env


class DigestSettings(LlmSettings):
    """What its workers need beyond the model and `warren.settings.Settings`."""

    worker_concurrency: int = Field(
        32,
        ge=1,
        le=1000,
        validation_alias=env("DIGEST_CONCURRENCY"),
        description="Jobs of each of its queues that one worker runs at a time; with a model they mostly wait",
    )
    # Fewer than jobs: those that are prepared take a place the moment it is free.
    parallel_calls: int = Field(
        16, ge=1, le=1000, description="Requests to the model that one worker has under way for batches at a time"
    )
    posts_per_build: int = Field(500, ge=1, le=10_000, description="Newest posts that one build takes at most")
    parallel_batches: int = Field(
        24, ge=1, le=500, description="Batches of one build that may be unsorted at a time, over all workers"
    )
    first_batch_size: int = Field(3, ge=1, le=100, description="Posts of the first batches; later ones adapt")
    largest_batch_size: int = Field(10, ge=1, le=100, description="Posts of a batch at most")
    batch_silence_seconds: float = Field(
        300.0, gt=0, description="A batch of which nothing is heard for so long is given up, and its posts asked again"
    )
    feed_max_bytes: int = Field(5_000_000, ge=1000, description="Largest feed that is read, unpacked")
    fetch_seconds: float = Field(20.0, gt=0, description="How long a feed or a webhook's receiver may take")
    allow_private_urls: bool = Field(
        False, description="Read feeds and call webhooks at addresses of the own network too: for tests, never beyond"
    )
    corpus_posts: int = Field(
        1000, ge=0, le=20_000, description="Newest posts from which the local engine learns a bot's words"
    )
    daily_topics: int = Field(8, ge=1, le=100, description="Most popular topics of an owner that get content every day")
    chat_keep_seconds: float = Field(
        604_800.0, gt=0, description="How long chat messages are kept, with their replies and topics"
    )
    digest_pool_size: int = Field(10, ge=1, le=100, description="Connections to PostgreSQL of one worker")
