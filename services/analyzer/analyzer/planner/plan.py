"""The planner's front door: a question and a table's profile in, code out."""

from collections.abc import Sequence

from analyzer.frames import FrameProfile, Language
from analyzer.planner.annotate import annotate
from analyzer.planner.decide import decide
from analyzer.planner.errors import CannotAnswer, Unanswerable
from analyzer.planner.language import language_of
from analyzer.planner.lexicon import texts
from analyzer.planner.merge import is_followup, merge
from analyzer.planner.query import Draft
from analyzer.planner.read import read_draft
from analyzer.planner.schema import Schema
from analyzer.planner.write import write
from analyzer.planner.write.script import fill
from warren.contracts.analyzer import Turn
from warren.contracts.base import Message

NAMED_COLUMNS = 40
"""As many columns are named when a question cannot be answered."""


_WARNINGS = {
    "assumed": ("aggregation", "column"),
    "column": ("text", "columns"),
    "lines": ("count", "column"),
    "main": ("column",),
    "one_end": (),
    "points": ("count",),
    "total_row": ("column", "value"),
    "value": ("text", "column", "values"),
    "window": ("window",),
}
"""What each kind of warning names."""


class Plan(Message):
    """Code that answers a question, and what a person should know about it.

    `code` reads the frame `df` and sets `answer` and `result`; it may leave one matplotlib figure open. `summary` says
    what is computed and `warnings` what was assumed, both in the question's `language`.
    """

    code: str
    summary: str
    columns_used: tuple[str, ...]
    language: Language
    warnings: tuple[str, ...] = ()


def plan(question: str, profile: FrameProfile, history: Sequence[Turn] = ()) -> Plan:
    """Plans the analysis that answers `question` about the table of `profile`.

    `history` holds the earlier questions of the dialog, oldest first: a question that is incomplete by itself ("now by
    year") changes the one before it. Raises `CannotAnswer` when the table cannot answer it.
    """
    schema = Schema.of(profile)
    language = language_of(question, profile, history)
    try:
        draft = _draft(question, schema, history)
        decided = decide(draft, schema)
    except Unanswerable as reason:
        raise _refusal(reason, schema, language) from None
    written = write(decided.query, schema, language)
    warnings = [_warning(coded, language) for coded in decided.warnings]
    if draft.unknown:
        words = ", ".join(f'"{word}"' for word in draft.unknown)
        warnings.append(fill(texts(language)["warn_ignored"], words=words))
    return Plan(
        code=written.code,
        summary=written.summary,
        columns_used=written.columns,
        language=language,
        warnings=tuple(warnings),
    )


def _draft(question: str, schema: Schema, history: Sequence[Turn]) -> Draft:
    draft = read_draft(annotate(question, schema), schema)
    if not history or not is_followup(draft):
        return draft
    return merge(_earlier(schema, history), draft, schema)


def _earlier(schema: Schema, history: Sequence[Turn]) -> Draft:
    """The draft the dialog has come to; questions that could not be read are passed over."""
    try:
        return _draft(history[-1].question, schema, history[:-1])
    except Unanswerable:
        return _earlier(schema, history[:-1]) if len(history) > 1 else Draft()


def _refusal(reason: Unanswerable, schema: Schema, language: Language) -> CannotAnswer:
    columns = schema.names[:NAMED_COLUMNS]
    more = ["…"] if len(schema.names) > NAMED_COLUMNS else []
    why = fill(texts(language)[f"cannot_{reason.reason}"], **reason.about)
    listed = fill(texts(language)["cannot_columns"], columns=", ".join([*columns, *more]))
    return CannotAnswer(f"{why} {listed}", schema.names)


def _warning(coded: str, language: Language) -> str:
    """Warnings travel as `kind|about|about` until the language is known."""
    kind, *about = coded.split("|")
    sentences = texts(language)
    if kind == "assumed":
        about[0] = sentences[f"name_{about[0]}"]
    return fill(sentences[f"warn_{kind}"], **dict(zip(_WARNINGS[kind], about, strict=True)))
