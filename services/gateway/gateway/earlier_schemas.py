"""What the calls of earlier clients answer, as `/openapi.json` describes it. Nothing passes through these models at run
time."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from warren.contracts import digest_records as records
from warren.contracts.chat import ContentItem


class EarlierSession(BaseModel):
    """A session, as earlier clients know it."""

    session_id: str


class EarlierAccepted(BaseModel):
    """An accepted question, as earlier clients know it."""

    success: Literal[True]
    task_id: str
    status: Literal["queued"]


class EarlierTask(BaseModel):
    """A job, as earlier clients know it."""

    task_id: str
    status: Literal["PENDING", "PROCESSING", "SUCCESS", "FAILURE", "REVOKED"]
    meta: dict[str, Any] = Field(default_factory=dict, description="Progress")
    result: dict[str, Any] = Field(default_factory=dict)
    error: str = ""


class EarlierConfig(BaseModel):
    """Settings in use, as earlier clients know them."""

    APP_PORT: int
    HOST: str
    LOG_LEVEL: str
    MAX_AUDIO_SIZE: int
    RABBITMQ_URL: str = Field(description="Without its password")


class EarlierOrchestrator(BaseModel):
    """What the pipelines do."""

    status: Literal["started", "stopped", "running", "idle"]
    mode: Literal["celery", "sync"]
    tasks: list[dict[str, Any]] = Field(description="`bot_id`, `task_id`, `status` of each")


class EarlierPosts(BaseModel):
    """Posts."""

    items: list[dict[str, Any]] = Field(description="Posts with their text as `content`")


class EarlierBot(records.BotSpec):
    """A bot without its secrets."""

    id: str
    prompt_version: int


class EarlierUpdated(BaseModel):
    """How many posts were noted."""

    success: Literal[True]
    status: Literal["ok"]
    updated: int
    unknown: list[str] = Field(description="Ids of posts that are not the bot's")


class EarlierReply(BaseModel):
    """The reply to a message."""

    reply: str
    topic: str | None
    task_ids: list[str]
    engine: str


class EarlierTaskStatus(BaseModel):
    """What became of a task."""

    task_id: str
    status: Literal["PENDING", "PROCESSING", "SUCCESS", "FAILURE", "REVOKED"]
    result: dict[str, Any] | None


class EarlierRecommendations(BaseModel):
    """What a person may like to read."""

    user_id: str
    recommendations: list[dict[str, Any]] = Field(description="Content with `reason` and `score`")
    stale: bool


class EarlierContent(BaseModel):
    """Content of one kind; the same under that kind's name."""

    topic: str | None
    items: list[ContentItem]
    stale: bool


class EarlierCeleryStatus(BaseModel):
    """Jobs that are not over, by queue."""

    active: dict[str, list[dict[str, Any]]]
    scheduled: dict[str, list[dict[str, Any]]]
    reserved: dict[str, list[dict[str, Any]]]
    stats: dict[str, dict[str, int]]
    registered: dict[str, list[str]]


class EarlierTextTask(BaseModel):
    """An accepted text, as earlier clients know it."""

    task_id: str
    status: Literal["queued"]
