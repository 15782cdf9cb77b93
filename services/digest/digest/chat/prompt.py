"""What a model is told before it replies."""

from collections.abc import Sequence

from warren.llm import ChatMessage

HISTORY = 6
"""Earlier messages of the conversation that the model sees."""
LONGEST_REPLY = 800
"""Tokens."""
SHOWN = 2_000
"""Characters of each earlier message and reply."""

_SYSTEM = """\
You are the assistant of a reading service: friendly, concrete and brief (at most 150 words). Reply in the language of
the last message. Answer what was asked; say so when you do not know. Never invent web addresses, quotations or sources.
With health, law or money, say when to ask a professional."""


def write_prompt(message: str, dialog: Sequence[tuple[str, str]], topic: str | None) -> list[ChatMessage]:
    """The conversation so far, oldest first."""
    about = f"\nThe conversation has been about: {topic}." if topic else ""
    messages: list[ChatMessage] = [{"role": "system", "content": _SYSTEM + about}]
    for said, replied in dialog:
        messages.append({"role": "user", "content": said[:SHOWN]})
        messages.append({"role": "assistant", "content": replied[:SHOWN]})
    return [*messages, {"role": "user", "content": message}]
