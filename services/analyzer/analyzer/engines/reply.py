"""Reading a model's reply: code, a refusal, or neither."""

import ast
import re

from warren.llm import without_thoughts

CANNOT_ANSWER = "CANNOT_ANSWER:"
"""How a model says that the table cannot answer; the sentence for the user follows."""

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*(\w*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_PYTHON = frozenset({"python", "py", "python3"})
_REFUSAL = re.compile(rf"^\W*{CANNOT_ANSWER}[\s*_`]*(.+)", re.DOTALL | re.MULTILINE)


def extract_code(reply: str) -> str:
    """The last block fenced as Python, else the last fenced block, else the whole reply if it is Python; or ``""``."""
    text = without_thoughts(reply)
    blocks = _FENCE.findall(text)
    python = [code for _, language, code in blocks if language.lower() in _PYTHON]
    unnamed = [code for _, language, code in blocks if not language]
    for found in (python, unnamed):
        if found:
            return str(found[-1]).strip("\n")
    return text.strip() if not blocks and _is_python(text) else ""


def extract_refusal(reply: str) -> str:
    """What the model says to the user after `CANNOT_ANSWER:`, or ``""``."""
    found = _REFUSAL.search(without_thoughts(reply))
    return found[1].strip() if found else ""


def _is_python(text: str) -> bool:
    """Whether this is a program: a single word or a bare sentence may parse too, but assigns nothing."""
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return any(isinstance(node, ast.Assign) for node in tree.body)
