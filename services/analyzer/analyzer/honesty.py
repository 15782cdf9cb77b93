"""Refuses code that makes its answer up instead of computing it from the frame.

A check against a model that invents, not against an attacker: it follows names, not values, and where it cannot tell it
lets the code pass. What the code may do to the machine is the sandbox's business.
"""

import ast
import re
from collections.abc import Iterable, Iterator

from analyzer.dataflow import FRAME, DataFlow, base_name
from analyzer.frames import FrameProfile
from analyzer.sandbox.zygote.gate import MAX_CHARACTERS
from warren.errors import WarrenError

MAX_LITERAL_NUMBERS = 24
MAX_LITERAL_VALUES = 100
"""Month names, bin edges and colours fit below these; a table that was copied into the code does not."""
MAX_NUMBERS_IN_TEXT = 50

_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*")
_FRACTION = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")
_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"(?:18|19|20|21)\d\d")
_QUOTED_OR_WORD = re.compile(r"`([^`]+)`|([^\W\d]\w*)")


class Fabricated(WarrenError):
    """The answer would not come from the file. `reason` is a sentence a model can repair its code from."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_reads_frame(code: str) -> None:
    """Raise `Fabricated` unless what the code reports is computed from `df`.

    Code that is not Python, or too long, passes: the sandbox refuses it in better words.
    """
    tree = _parse(code)
    if tree is None:
        return
    try:
        _check_literals(tree)
        _check_figures(tree)
        _check_columns(tree)
        _check_flow(DataFlow.of(tree))
    except RecursionError:
        raise Fabricated("The code is nested too deeply to check where its answer comes from.") from None


def columns_used(code: str, profile: FrameProfile) -> tuple[str, ...]:
    """The columns of the frame that the code names, in the frame's order; none for code that takes them all."""
    tree = _parse(code)
    named = set(_names_of_columns(tree)) if tree else set()
    return tuple(column.name for column in profile.columns if column.name in named)


def _parse(code: str) -> ast.Module | None:
    if len(code) > MAX_CHARACTERS:
        return None
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _check_flow(flow: DataFlow) -> None:
    if not flow.reads_frame:
        detail = f", it replaces `{FRAME}` with data of its own" if flow.rebinds_frame else ""
        raise Fabricated(f"The code never reads `{FRAME}`{detail}. Compute the answer from `{FRAME}`.")
    if flow.draws and not any(flow.draws):
        raise Fabricated(f"The plot is drawn from values written in the code. Draw what is computed from `{FRAME}`.")
    for name, value in flow.invented.items():
        if not _is_caption(value, flow):
            raise Fabricated(
                f"`{name}` is made of values written in the code. Build it from what is computed from `{FRAME}`."
            )
    if flow.invented and not flow.reports_frame:
        raise Fabricated(f"Nothing that the code reports depends on `{FRAME}`. Compute the answer from `{FRAME}`.")


def _is_caption(value: ast.expr, flow: DataFlow) -> bool:
    """Nothing yet, or text without figures: `Top 3 regions in 2014:` may stand above a computed table."""
    match value:
        case ast.Constant(value=None) | ast.Dict(keys=[]) | ast.List(elts=[]) | ast.Tuple(elts=[]):
            return True
        case ast.Constant(value=str(text)):
            return all(_is_harmless(number, flow) for number in _NUMBER.findall(text))
        case ast.JoinedStr(values=parts):
            return all(_is_caption(part, flow) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)):
            match flow.literals.get(name):
                case ast.Constant(value=content):
                    return all(_is_harmless(number, flow) for number in _NUMBER.findall(str(content)))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_caption(left, flow) and _is_caption(right, flow)
    return False


def _is_harmless(number: str, flow: DataFlow) -> bool:
    """Small whole numbers, years and what the code compares the frame with: the question has them, too."""
    if len(number) <= 2 or _YEAR.fullmatch(number):
        return True
    compared = {_plain(found) for constant in flow.compared for found in _NUMBER.findall(str(constant))}
    return _plain(number) in compared


def _plain(number: str) -> str:
    """`1,000` and `1000.0` alike."""
    return re.sub(r"\D", "", number.removesuffix(".0"))


def _check_literals(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            values = [child for child in ast.walk(node) if isinstance(child, ast.Constant)]
            numbers = sum(map(_is_number, values))
            if numbers > MAX_LITERAL_NUMBERS or len(values) > MAX_LITERAL_VALUES:
                raise Fabricated(
                    f"The code holds a table of {len(values)} values of its own. Take the data from `{FRAME}`."
                )
        elif isinstance(node, ast.Constant) and len(_DIGITS.findall(str(node.value))) > MAX_NUMBERS_IN_TEXT:
            raise Fabricated(f"The code holds a table written as text. Take the data from `{FRAME}`.")


def _check_figures(tree: ast.Module) -> None:
    """Refuse figures with a fraction that only stand in the text around computed values."""
    nodes = list(ast.walk(tree))
    used = {_digits(repr(node.value)) for node in nodes if isinstance(node, ast.Constant) and _is_number(node)}
    formats = {id(node.format_spec) for node in nodes if isinstance(node, ast.FormattedValue)}
    for text in nodes:
        if isinstance(text, ast.JoinedStr) and id(text) not in formats:
            words = [part.value for part in text.values if isinstance(part, ast.Constant)]
            for figure in _FRACTION.findall(" ".join(map(str, words))):
                if _digits(figure) not in used:
                    raise Fabricated(f"The text holds the figure {figure}. Compute it from `{FRAME}`.")


def _check_columns(tree: ast.Module) -> None:
    """Refuse a column or row of the frame that is a list of numbers in the code."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Subscript() as target], value=ast.List(elts=elements)):
                if base_name(target) == FRAME and any(map(_is_number, elements)):
                    raise Fabricated(f"The code puts values of its own into `{FRAME}`. Take the data from `{FRAME}`.")


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _digits(number: str) -> str:
    """`0.995` and `99.5` alike, as a share and its percentage are."""
    return re.sub(r"\D", "", number).strip("0")


def _names_of_columns(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.Attribute(attr=name):
                yield name
            case ast.Call(func=ast.Attribute(attr="query" | "eval"), args=arguments):
                yield from _words(arguments)


def _words(arguments: Iterable[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            for quoted, word in _QUOTED_OR_WORD.findall(argument.value):
                yield quoted or word
