"""One line about an exception, with what helps to repair the code."""

import difflib
import re
import traceback

import pandas as pd

from analyzer.sandbox.zygote.gate import FILE_NAME

_MAX_CHARACTERS = 500
_SHOWN_COLUMNS = 20
_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"")


def line_of(error: BaseException) -> int | None:
    """The line of the analysis that the error came from."""
    if isinstance(error, SyntaxError) and error.filename == FILE_NAME:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE_NAME]
    return lines[-1] if lines else None


def explain(error: BaseException, df: pd.DataFrame) -> str:
    """Like `KeyError: 'prize' (did you mean 'price'?)`."""
    message = " ".join(_message_of(error).split())
    if len(message) > _MAX_CHARACTERS:
        message = message[: _MAX_CHARACTERS - 1] + "…"
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    hint = _column_hint(error, message, df)
    return f"{text} ({hint})" if hint else text


def _message_of(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg
    try:
        return str(error)
    except Exception as second:  # noqa: BLE001  code may define errors that cannot be shown
        return f"(without a message: {type(second).__name__})"


def _column_hint(error: BaseException, message: str, df: pd.DataFrame) -> str:
    columns = [str(column) for column in df.columns]
    wanted = _unknown_columns(error, message, columns)
    if not wanted:
        return ""
    near = dict.fromkeys(match for name in wanted for match in _near(name, columns))
    if near:
        return "did you mean " + " or ".join(repr(name) for name in near) + "?"
    more = ", …" if len(columns) > _SHOWN_COLUMNS else ""
    return "the columns are " + ", ".join(map(repr, columns[:_SHOWN_COLUMNS])) + more


def _unknown_columns(error: BaseException, message: str, columns: list[str]) -> list[str]:
    """Names that the error says are missing, where it may be about columns at all."""
    if isinstance(error, KeyError) and len(error.args) == 1 and isinstance(error.args[0], str):
        names = _names_in_key_error(error.args[0])
    elif isinstance(error, AttributeError) and "DataFrame" in message and error.name:
        names = [error.name]
    elif isinstance(error, NameError):
        names = [name for name in _quoted(message) if _near(name, columns)]
    else:
        return []
    return [name for name in names if name not in columns]


def _names_in_key_error(text: str) -> list[str]:
    """pandas puts either the name itself into the error, or a sentence with the names in it."""
    if text.startswith("Column not found: "):
        return [text.partition(": ")[2]]
    is_sentence = text.endswith(("not in index", "in the [columns]", "do not exist"))
    return _quoted(text) if is_sentence else [text]


def _quoted(text: str) -> list[str]:
    return [first or second for first, second in _QUOTED.findall(text)]


def _near(name: str, columns: list[str]) -> list[str]:
    by_folded: dict[str, str] = {}
    for column in columns:
        by_folded.setdefault(column.strip().casefold(), column)
    matches = difflib.get_close_matches(name.strip().casefold(), by_folded, n=2, cutoff=0.6)
    return [by_folded[match] for match in matches]
