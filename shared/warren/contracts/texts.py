"""Texts: what is known of one, and the analyzer's jobs and queries about them."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from warren.contracts.base import JobPayload, JobResult, Message, Query
from warren.contracts.files import UploadedFile
from warren.contracts.usage import Usage

TRACK_PATTERN = r"^[^\x00-\x20\x7f/?#\\][^\x00-\x1f\x7f/?#\\]{0,199}$"
"""What a client may call a text. It stands in addresses: no control characters, nothing that ends a part of a path."""
EXCERPT = 240


class TextFeatures(Message):
    """Numbers and words that describe a text; None: not defined for it (too short, or not for its language).

    How each is computed, with its source, is told where it is: `analyzer.texts`.
    """

    characters: int
    """Unicode characters of the whole text."""
    truncated: bool = False
    """Whether only the beginning was analysed."""
    language: str | None = None
    """ISO 639-1 code."""
    language_confidence: float | None = None
    """0 to 1."""
    words: int
    lines: int
    """Lines that are not blank."""
    verses: int
    """Groups of lines between blank ones."""
    repeated_lines: float
    """Share of lines that were there before, 0 to 1."""
    compressibility: float
    """Share of its bytes that compression saves, 0 to 1."""
    rhyme_density: float | None = None
    """Share of lines that rhyme with a near one, 0 to 1."""
    vocabulary_richness: float | None = None
    """Moving-average type-token ratio, 0 to 1."""
    readability: float | None = None
    """Flesch reading ease; most texts lie in 0 (hard) to 100 (easy), with no bound at either side."""
    sentiment: float | None = None
    """-1 (negative) to 1 (positive)."""
    topics: tuple[str, ...] = ()
    """Keywords, the weightiest first."""


class TextAnalysis(JobPayload):
    """Describe a text, and keep what describes it. The same text under the same `track_id` again changes nothing."""

    kind: ClassVar[str] = "analyzer.text"
    queue: ClassVar[str] = "analyzer-bulk"

    owner: str
    track_id: str = Field(pattern=TRACK_PATTERN)
    text: str


class LlmTextAnalysis(TextAnalysis):
    """Also have a language model say what the text is about. Such jobs take seconds: they have a queue of their own.
    Refused with `llm.not_configured`."""

    kind: ClassVar[str] = "analyzer.text_llm"
    queue: ClassVar[str] = "analyzer-llm"


class LlmAnalysis(Message):
    """What a language model says of a text. `prompt_version` counts changes of what it was asked."""

    themes: tuple[str, ...] = ()
    """Short phrases in English, the weightiest first; none for a text about nothing."""
    mood: str
    """One or two words in English."""
    summary: str
    """A sentence, in the language of the text."""
    explicit: bool
    """Whether there is strong language, or sex, violence or drugs are depicted."""
    truncated: bool = False
    """Whether the model was shown only the beginning of the text."""
    model: str
    """As the settings name it."""
    prompt_version: str


class StoredText(Message):
    """What is kept of a text: all but the text itself. Vectors of the same `model` can be compared. `llm_analysis` is
    there if it was asked for."""

    track_id: str
    object: Literal["text"] = "text"
    sha256: str
    """Of the text in UTF-8."""
    model: str
    excerpt: str
    """Its first `EXCERPT` characters."""
    features: TextFeatures
    llm_analysis: LlmAnalysis | None = None
    created_at: datetime
    updated_at: datetime


class AnalyzedText(JobResult):
    """Result of `analyzer.text` and `analyzer.text_llm`. `unchanged`: the same text was there already, described by the
    same models. `usage`: what the language model took."""

    track_id: str
    unchanged: bool = False
    text: StoredText
    usage: Usage = Usage()


class TextBatch(JobPayload):
    """Describe and keep the texts of a file: a JSON object a line, or a CSV whose first line names its columns. Of
    those with the same `track_id` the last one is kept. `llm`: also have a language model say what each is about; then
    it may be refused with `llm.not_configured`."""

    kind: ClassVar[str] = "analyzer.text_batch"
    queue: ClassVar[str] = "analyzer-batches"
    timeout: ClassVar[float] = 24 * 3600.0
    innocent_after: ClassVar[float | None] = 3.0

    owner: str
    file: UploadedFile
    format: Literal["ndjson", "csv"]
    llm: bool = False


class TextChunk(JobPayload):
    """A part of a batch; which, and what is to be done with it, stands in the analyzer's tables."""

    kind: ClassVar[str] = "analyzer.text_chunk"
    queue: ClassVar[str] = "analyzer-bulk"
    timeout: ClassVar[float] = 1200.0
    max_retries: ClassVar[int] = 10
    innocent_after: ClassVar[float | None] = 1.0

    batch_id: str
    n: int


class LlmTextChunk(TextChunk):
    """Likewise, of a batch with `llm`. A slow model, asked about short texts, takes long."""

    kind: ClassVar[str] = "analyzer.text_llm_chunk"
    queue: ClassVar[str] = "analyzer-llm"
    timeout: ClassVar[float] = 4 * 3600.0


class TextBatchReport(JobResult):
    """Result of `analyzer.text_batch`. `texts` that could be read are `stored`, `unchanged`, or `duplicates` of others
    with the same `track_id`; `failed` lines could not. The artifact `errors.ndjson` has the first `listed` of the lines
    that failed, and of those that gave way to another text. With a language model, `llm_failed` of the texts are stored
    without what it should have said, and listed too; `usage` is what it took."""

    brief: ClassVar[frozenset[str]] = frozenset({"texts", "stored", "unchanged", "duplicates", "failed", "llm_failed"})

    texts: int = 0
    stored: int = 0
    unchanged: int = 0
    duplicates: int = 0
    failed: int = 0
    listed: int = 0
    llm_failed: int = 0
    seconds: float = 0.0
    texts_per_second: float = 0.0
    usage: Usage = Usage()


class TextBatchPace(Message):
    """How far a batch is, told `live` about once a second. The rate is that of this run; None: not known yet."""

    texts: int
    failed: int = 0
    percent: float
    texts_per_second: float | None = None
    seconds_left: float | None = None


class TextQuery(Query):
    """About one text of this owner. Refused with `text.not_found`."""

    name: ClassVar[str] = ""

    owner: str
    track_id: str


class GetText(TextQuery):
    """→ `StoredText`"""

    name: ClassVar[str] = "analyzer.get_text"


class DeleteText(TextQuery):
    """→ `DeletedText`"""

    name: ClassVar[str] = "analyzer.delete_text"


class DeletedText(Message):
    track_id: str
    deleted: bool = True


class TextFilter(Message):
    """Only texts in this language, and with this keyword among their topics."""

    language: str | None = None
    topic: str | None = None


class FindSimilar(TextQuery):
    """→ `SimilarTexts`: those nearest to this text, which itself is left out."""

    name: ClassVar[str] = "analyzer.find_similar"

    filter: TextFilter = TextFilter()
    limit: int = Field(10, ge=1, le=100)
    map: bool = False


class SearchTexts(Query):
    """→ `SimilarTexts`: those nearest to the words."""

    name: ClassVar[str] = "analyzer.search_texts"

    owner: str
    words: str
    filter: TextFilter = TextFilter()
    limit: int = Field(10, ge=1, le=100)
    map: bool = False


class Point(Message):
    """Of a map: -1 to 1 from its middle, the same scale both ways."""

    x: float
    y: float


class SimilarText(Message):
    """`similarity` is the cosine of the angle between the vectors: 1 for the same words. `x` and `y` are those of a
    `Point` if a map was asked for."""

    track_id: str
    similarity: float
    language: str | None = None
    topics: tuple[str, ...] = ()
    excerpt: str = ""
    x: float | None = None
    y: float | None = None


class SimilarTexts(Message):
    """The nearest first. Fewer than the limit only if no more fit the filter.

    With `map`, the vectors found and the one asked for are projected on their first two principal components.
    """

    data: tuple[SimilarText, ...] = ()
    model: str = ""
    origin: Point | None = None
    """Of what was asked for."""
    explained: float | None = None
    """Share of the variance of the vectors that the map shows, 0 to 1."""
