"""What the pipeline asks of an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from warren.contracts.digest_records import Category
from warren.contracts.usage import Usage

NO_CATEGORY = "No category of the bot fits."


@dataclass(frozen=True)
class Text:
    """A post as engines see it."""

    id: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}".strip()


@dataclass(frozen=True)
class Brief:
    """What a bot wants of an engine. `corpus` names the bot whose posts the local engine may learn words from.
    What a model is to call posts is made from `secret`, and changes with each `attempt`."""

    categories: tuple[Category, ...]
    language: str = "en"
    categorization_prompt: str = ""
    summarization_prompt: str = ""
    corpus: str = ""
    secret: str = ""
    attempt: int = 1


@dataclass(frozen=True)
class Answer:
    """About one post: the name of a category or None with a reason, or a summary of one or more sentences."""

    category: str | None = None
    reason: str = ""
    sentences: tuple[str, ...] = ()
    engine: str = ""


@dataclass(frozen=True)
class Answers:
    """Valid answers by post; a post that is missing was skipped, merged or answered with nonsense. `invented` counts
    answers about posts that were not asked about, or twice about the same."""

    by_post: Mapping[str, Answer]
    invented: int = 0
    usage: Usage = field(default_factory=Usage)


class Engine(Protocol):
    """Answers about a few posts at a time; each post is judged by itself."""

    @property
    def name(self) -> str: ...

    async def categorize(self, brief: Brief, texts: Sequence[Text], /) -> Answers: ...

    async def summarize(self, brief: Brief, texts: Sequence[Text], /) -> Answers: ...
