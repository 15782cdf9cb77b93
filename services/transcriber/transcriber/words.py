"""An engine's words as the contract has them."""

from transcriber.engines.base import BYTES_PER_SECOND, SAMPLE_RATE, Recognition
from transcriber.utterances import Utterance
from warren.contracts.transcriber import Transcript, Word


def placed(recognition: Recognition, start: float) -> tuple[Word, ...]:
    """The words with their times in the stream or file; `start` is where the utterance begins, in seconds."""
    return tuple(
        Word(
            word=word.word,
            start=round(start + word.start, 3),
            end=round(start + word.end, 3),
            confidence=word.confidence,
        )
        for word in recognition.words
    )


def confidence(recognition: Recognition) -> float | None:
    """Of the whole: the engine's own, or the mean of its words'."""
    if recognition.confidence is not None:
        return recognition.confidence
    known = [word.confidence for word in recognition.words if word.confidence is not None]
    return sum(known) / len(known) if known else None


def transcript(utterance: Utterance, recognition: Recognition, *, final: bool, seq: int, n: int) -> Transcript:
    """What an utterance says, from its first to its last word if they have times."""
    start = utterance.start / SAMPLE_RATE
    words = placed(recognition, start)
    return Transcript(
        final=final,
        start=words[0].start if words else start,
        end=words[-1].end if words else start + len(utterance.pcm) / BYTES_PER_SECOND,
        text=recognition.text,
        confidence=confidence(recognition),
        words=words,
        covers=utterance.covers / SAMPLE_RATE,
        seq=seq,
        n=n,
        language=recognition.language,
    )
