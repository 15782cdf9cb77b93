"""From the samples of a live stream to its words."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from transcriber import measures
from transcriber.engines.base import SAMPLE_RATE, Recognition
from transcriber.errors import EngineFailed, EngineUnavailable
from transcriber.recognizers import Recognizers
from transcriber.settings import TranscriberSettings
from transcriber.telling import Teller
from transcriber.utterances import Segmenter, Utterance
from transcriber.words import transcript
from warren.contracts.transcriber import SpeechStarted, TranscribeStream, Unreadable, UtteranceEnd
from warren.worker.job import Job

log = structlog.get_logger(__name__)

INTERIM_SECONDS = 1.0
"""How much more must have been said before it is listened to again."""
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)


class Speech:
    """Utterances are recognised in order, one at a time. `seq` is the last chunk that came.

    `dealt_with` is awaited after each: its words are recorded, and all before `covered` can be forgotten.
    """

    def __init__(
        self,
        job: Job[TranscribeStream],
        recognizers: Recognizers,
        settings: TranscriberSettings,
        teller: Teller,
        dealt_with: Callable[[], Awaitable[None]],
    ) -> None:
        self._job = job
        self._recognizers = recognizers
        self._settings = settings
        self._teller = teller
        self._dealt_with = dealt_with
        self._waiting: asyncio.Queue[tuple[Utterance, float] | None] = asyncio.Queue()
        self._utterances = 0
        self._interim_heard = 0
        self._interim: asyncio.Task[None] | None = None
        self.seq = 0
        self.in_flight = 0
        """Utterances that are over and not yet recognised."""
        self.recognised_seconds = 0.0
        self.begin(0)

    def begin(self, position: int) -> None:
        """The next sample heard is this one: an earlier worker has dealt with the rest."""
        settings = self._settings
        self._segmenter = Segmenter(settings.silence_seconds, settings.longest_utterance_seconds, position)
        self._covered = position

    @property
    def speaking(self) -> bool:
        return self._segmenter.speaking

    @property
    def heard(self) -> int:
        """Samples since the start of the stream."""
        return self._segmenter.heard

    @property
    def covered(self) -> int:
        """All before this sample is dealt with."""
        return self._covered if self.in_flight else self._segmenter.position

    def hear(self, samples: bytes) -> None:
        spoke = self._segmenter.speaking
        for utterance in self._segmenter.feed(samples):
            if not spoke:
                self._started(utterance.start)
            self._hand_over(utterance)
            spoke = False
        if self._segmenter.speaking and not spoke:
            self._started(self._segmenter.position)

    def end_utterance(self) -> None:
        """Do not wait for silence."""
        if (utterance := self._segmenter.flush()) is not None:
            self._hand_over(utterance)

    def end(self) -> None:
        """Nothing more comes: `run` returns when all is recognised."""
        self.end_utterance()
        self._waiting.put_nowait(None)

    def stop(self) -> None:
        if self._interim is not None:
            self._interim.cancel()

    async def run(self) -> None:
        """Until the end."""
        while (item := await self._waiting.get()) is not None:
            utterance, since = item
            recognition = await self._recognition(utterance)
            self._utterances += 1
            self.recognised_seconds += len(utterance.pcm) / 2 / SAMPLE_RATE
            final = transcript(utterance, recognition, final=True, seq=self.seq, n=self._utterances)
            if final.text:
                await self._job.output(final)
            measures.LAG.observe(time.monotonic() - since)
            measures.UTTERANCES.labels("stream").inc()
            self._covered = utterance.covers
            self.in_flight -= 1
            caught_up = not self.in_flight and not self.speaking
            self._teller.tell(UtteranceEnd(at=final.end, covers=final.covers, caught_up=caught_up, seq=self.seq))
            await self._dealt_with()

    def listen_meanwhile(self) -> None:
        """An interim result, if somebody wants it, enough is new, and no process is missed for it."""
        enough = self.heard - max(self._interim_heard, self._segmenter.position) >= INTERIM_SECONDS * SAMPLE_RATE
        free = self._interim is None or self._interim.done()
        if not (self._job.payload.interim and self.speaking and enough and free):
            return
        if self._recognizers.spare and not self.in_flight:
            self._interim_heard = self.heard
            so_far = Utterance(self._segmenter.position, self._covered, self._segmenter.open_pcm)
            self._interim = asyncio.create_task(self._tell_interim(so_far))

    def _started(self, position: int) -> None:
        self._teller.tell(SpeechStarted(at=position / SAMPLE_RATE, seq=self.seq))

    def _hand_over(self, utterance: Utterance) -> None:
        self.in_flight += 1
        self._interim_heard = 0
        self._waiting.put_nowait((utterance, time.monotonic()))

    async def _recognition(self, utterance: Utterance) -> Recognition:
        tries = 0
        while True:
            try:
                return await self._recognizers.recognise(
                    self._job.id, utterance.pcm, language=self._job.payload.language
                )
            except EngineUnavailable as error:
                # Nothing said is lost: the audio stays in its queue for as long as the engine is away.
                log.warning("engine_unavailable", error=str(error))
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            except EngineFailed as error:
                log.error("utterance_not_recognised", error=str(error))
                message = "The engine could not recognise an utterance."
                self._teller.tell(Unreadable(code="engine.failed", message=message, seq=self.seq))
                return Recognition("")

    async def _tell_interim(self, so_far: Utterance) -> None:
        try:
            recognition = await self._recognizers.recognise(
                f"{self._job.id} interim", so_far.pcm, language=self._job.payload.language
            )
        except (EngineUnavailable, EngineFailed) as error:
            log.info("no_interim", error=str(error))
            return
        # Meanwhile the utterance may have ended: then its final is what counts.
        if recognition.text and self.speaking and self._segmenter.position == so_far.start:
            self._teller.tell(transcript(so_far, recognition, final=False, seq=self.seq, n=self._utterances))
