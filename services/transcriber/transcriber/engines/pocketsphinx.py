"""CMU Pocketsphinx with the English model in its wheel: small, old, needs nothing else."""

from pocketsphinx import Decoder

from transcriber.engines.base import SAMPLE_RATE, Recognition, RecognizedWord
from transcriber.settings import TranscriberSettings

FRAMES_PER_SECOND = 100


class PocketsphinxEngine:
    """English only; hints are ignored."""

    def __init__(self, settings: TranscriberSettings) -> None:  # noqa: ARG002  it has nothing to set
        # With "batch" the means of the whole utterance are used, so that its words do not depend on earlier ones.
        self._decoder = Decoder(samprate=SAMPLE_RATE, cmn="batch", loglevel="FATAL")

    def recognise(self, pcm: bytes, language: str | None, prompt: str | None) -> Recognition:  # noqa: ARG002
        # Its estimate of the noise outlives an utterance, whoever spoke it: the words would depend on what came before.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return Recognition("")
        words = tuple(
            RecognizedWord(
                segment.word.partition("(")[0],  # "was(2)" is the second way to say it
                segment.start_frame / FRAMES_PER_SECOND,
                (segment.end_frame + 1) / FRAMES_PER_SECOND,
            )
            for segment in self._decoder.seg()
            if segment.word[0] not in "<["  # silence and noise
        )
        return Recognition(" ".join(word.word for word in words), words, language="en")
