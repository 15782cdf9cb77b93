"""Word error rate and real-time factor of the speech engine, on the sentences of the transcriber's tests.

`WARREN_ENGINE` and its settings choose another engine; `BENCH_SPEECH` names a folder with recordings of one's own and a
`transcripts.tsv` (columns file, text). The reference is the same engine without our segmentation: each recording as one
utterance.
"""

import csv
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from transcriber.engines import Engine, load
from transcriber.engines.base import BYTES_PER_SECOND
from transcriber.formats import decoded
from transcriber.settings import TranscriberSettings
from transcriber.utterances import Segmenter

SPEECH = Path(__file__).parent.parent / "services" / "transcriber" / "tests" / "data"


@dataclass
class Score:
    """Errors are words to insert, delete or replace; seconds are of this process's CPU and of audio."""

    errors: int = 0
    words: int = 0
    cpu: float = 0.0
    audio: float = 0.0
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rate, factor = self.errors / self.words, self.cpu / self.audio
        return f"word error rate {rate:.1%} ({self.errors} of {self.words}), real-time factor {factor:.2f}"


def main() -> None:
    settings = TranscriberSettings()
    engine = load(settings)
    folder = Path(os.environ.get("BENCH_SPEECH", SPEECH))
    with (folder / "transcripts.tsv").open(encoding="utf-8") as file:
        recordings = list(csv.DictReader(file, delimiter="\t"))
    ours, whole = Score(), Score()
    for recording in recordings:
        pcm = b"".join(decoded(folder / recording["file"]))
        listen(engine, utterances(pcm, settings), recording["text"], ours)
        listen(engine, [pcm], recording["text"], whole)
        print(f"{recording['file']}\n  said  {recording['text']}\n  heard {ours.said[-1]}")
    print(f"{settings.engine}, in utterances:  {ours}")
    print(f"{settings.engine}, each as a whole: {whole}")
    print(f"ratio of errors: {ours.errors / max(1, whole.errors):.2f}")


def utterances(pcm: bytes, settings: TranscriberSettings) -> list[bytes]:
    """As the service cuts them, with a second of silence around the recording, as there is in a stream."""
    silence = bytes(BYTES_PER_SECOND)
    segmenter = Segmenter(settings.silence_seconds, settings.longest_utterance_seconds)
    found = [utterance.pcm for utterance in segmenter.feed(silence + pcm + silence)]
    last = segmenter.flush()
    return [*found, last.pcm] if last else found


def listen(engine: Engine, parts: list[bytes], text: str, score: Score) -> None:
    """Add what the engine makes of it to the score."""
    started = time.process_time()
    said = " ".join(engine.recognise(part, None, None).text for part in parts).lower()
    score.cpu += time.process_time() - started
    score.audio += sum(map(len, parts)) / BYTES_PER_SECOND
    score.errors += Levenshtein.distance(text.split(), said.split())
    score.words += len(text.split())
    score.said.append(said)
