"""What is known of a text."""

from warren.contracts.base import Message


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
