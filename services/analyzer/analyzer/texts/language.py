"""The language of a text.

Naive Bayes over byte n-grams of 97 languages: M. Lui, T. Baldwin, "langid.py: An Off-the-shelf Language Identification
Tool", ACL 2012; py3langid carries the trained model in its wheel.
"""

import re

from py3langid.langid import MODEL_FILE, LanguageIdentifier

CHARACTERS = 256
"""How much is looked at: more changes few answers and costs as much as everything else together."""
_LETTERS = re.compile(r"[^\W\d_][\W\d_]*[^\W\d_]")


class LanguageDetector:
    """Holds the model (some 10 MB), which it loads when made."""

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def detect(self, content: str) -> tuple[str, float] | None:
        """ISO 639-1 code and confidence in 0 to 1; None for a text with fewer than two letters."""
        beginning = content.lstrip()[:CHARACTERS]
        if not _LETTERS.search(beginning):
            return None
        code, confidence = self._identifier.classify(beginning)
        return (str(code), float(confidence)) if code else None
