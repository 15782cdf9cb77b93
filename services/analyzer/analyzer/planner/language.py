"""Which language a question is in."""

from collections.abc import Sequence

from analyzer.frames import FrameProfile, Language
from analyzer.planner.text import is_cyrillic, tokenize
from warren.contracts.analyzer import Turn


def language_of(question: str, profile: FrameProfile | None = None, history: Sequence[Turn] = ()) -> Language:
    """By the script of most words that are not the table's own; a question of such only goes on as the dialog did."""
    own: set[str] = set()
    for column in profile.columns if profile else ():
        own |= {column.name.lower(), *(str(value).lower() for value in column.values)}
    words = [token.text for token in tokenize(question) if token.kind == "word"]
    said = [word for word in words if word.lower() not in own and "_" not in word]
    if not said and history:
        return language_of(history[-1].question, profile, history[:-1])
    cyrillic = sum(is_cyrillic(word) for word in said or words)
    return "ru" if cyrillic and cyrillic * 2 >= len(said or words) else "en"
