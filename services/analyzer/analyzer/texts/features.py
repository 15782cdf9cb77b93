"""All features of a text at once."""

from analyzer.texts import readability, repetition, rhyme, topics, vocabulary
from analyzer.texts.language import LanguageDetector
from analyzer.texts.reading import LONGEST, read
from analyzer.texts.sentiment import SentimentLexicon
from warren.contracts.texts import TextFeatures

DIGITS = 4


class FeatureExtractor:
    """Loads its model and lexicon when made (a tenth of a second): make one for a process, in one that computes."""

    def __init__(self) -> None:
        self._languages = LanguageDetector()
        self._sentiment = SentimentLexicon()

    def extract(self, text: str) -> TextFeatures:
        """Of any text, also an empty or broken one; of at most its first `LONGEST` characters."""
        parts = read(text)
        language, confidence = self._languages.detect(parts.content) or (None, None)
        return TextFeatures(
            characters=parts.characters,
            truncated=parts.characters > LONGEST,
            language=language,
            language_confidence=_rounded(confidence),
            words=len(parts.all_words),
            lines=len(parts.lines),
            verses=len(parts.verses),
            repeated_lines=round(repetition.repeated_lines(parts), DIGITS),
            compressibility=round(repetition.compressibility(parts), DIGITS),
            rhyme_density=_rounded(rhyme.density(parts, language)),
            vocabulary_richness=_rounded(vocabulary.richness(parts.all_words)),
            readability=_rounded(readability.reading_ease(parts, language)),
            sentiment=_rounded(self._sentiment.polarity(parts, language)),
            topics=topics.keywords(parts.counts, language),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
