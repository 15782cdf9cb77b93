"""What the API answers, as `/openapi.json` describes it. Nothing passes through these models at run time."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from gateway.lifecycle import Status


class FieldError(BaseModel):
    """One thing wrong with a request."""

    pointer: str = Field(description="JSON pointer to the field", examples=["/question"])
    detail: str
    code: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="Always `about:blank`: `code` tells the kinds apart")
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What is wrong and what to do, for a person")
    code: str = Field(description="Stable; listed in docs/api.md", examples=["job.not_found"])
    errors: list[FieldError] = Field(default_factory=list, description="Fields that do not fit")


class Session(BaseModel):
    """A person's files and the dialog about them."""

    id: str = Field(examples=["ses_0199c1d5e0f2…"])
    object: Literal["session"]
    created_at: datetime
    expires_at: datetime = Field(description="Each use prolongs it")


class File(BaseModel):
    """An uploaded file."""

    id: str = Field(examples=["file_0199c1d5e0f2…"])
    object: Literal["file"]
    name: str = Field(description="As the client called it, without a path")
    size: int = Field(description="Bytes")
    sha256: str
    session_id: str | None
    created_at: datetime
    expires_at: datetime


class Ticket(BaseModel):
    """A secret that stands in for a key in the address of one WebSocket."""

    object: Literal["ticket"]
    ticket: str
    expires_in: int = Field(description="Seconds")


class Progress(BaseModel):
    """How far a job is."""

    stage: str | None = Field(examples=["running"])
    message: str | None = Field(examples=["Attempt 1/3: running…"])
    percent: float | None


class InputFile(BaseModel):
    """The file a question is about."""

    id: str
    name: str
    size: int
    sha256: str


class Input(BaseModel):
    """What was asked."""

    question: str | None = Field(description="Or the message of a chat")
    file: InputFile | None
    bot_id: str | None
    user_id: str | None = Field(description="Who sent the message of a chat")
    track_id: str | None = Field(description="Which text")


class JobError(BaseModel):
    """Why a job failed."""

    code: str = Field(description="Stable; listed in docs/api.md", examples=["job.timeout"])
    message: str
    retryable: bool
    details: dict[str, Any]


class JobUrls(BaseModel):
    """Where to go on."""

    self: str
    cancel: str
    events: str
    artifacts: str


class Job(BaseModel):
    """Work in the background, from its acceptance to its end."""

    id: str = Field(examples=["job_0199c1d5e0f2…"])
    object: Literal["job"]
    kind: str = Field(examples=["analyzer.csv"])
    status: Status
    attempt: int
    max_attempts: int | None
    progress: Progress | None
    session_id: str | None
    input: Input
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime = Field(description="Ended as expired if it is not finished by then")
    cancel_requested_at: datetime | None
    brief: dict[str, Any] | None = Field(description="The small fields of the result")
    result: dict[str, Any] | None = Field(description="In lists, null when it is large")
    error: JobError | None
    urls: JobUrls


class Artifact(BaseModel):
    """A file a job made."""

    name: str
    media_type: str
    size: int
    url: str


class Page(BaseModel):
    """Part of a list."""

    object: Literal["list"]
    has_more: bool
    last_id: Annotated[str | None, Field(description="`?after=` of the next page")]


class JobList(Page):
    """Jobs, newest first."""

    data: list[Job]


class ArtifactList(Page):
    """Files a job made."""

    data: list[Artifact]


class Health(BaseModel):
    """How the parts are: `ok` or `unavailable`."""

    status: Literal["healthy", "unhealthy"]
    services: dict[str, Literal["ok", "unavailable"]]
    analyzer: dict[str, str] = Field(default_factory=dict, description="Sandbox and engine in use")


class Ready(BaseModel):
    """What this process needs to serve requests."""

    postgres: Literal["ok", "unavailable"]


class OpenAIErrorBody(BaseModel):
    """What went wrong, as OpenAI's API says it."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(BaseModel):
    """Why a request was refused."""

    error: OpenAIErrorBody


class OpenAITranscription(BaseModel):
    """`json`; `verbose_json` has more."""

    text: str
    task: str = "transcribe"
    language: str = ""
    duration: float = 0.0
    segments: list[dict[str, Any]] = Field(default_factory=list)
    words: list[dict[str, Any]] = Field(default_factory=list)
    usage: dict[str, Any]
