"""Speech to text with the clients people have: the `openai` and `deepgram-sdk` packages, and plain WebSockets."""

import asyncio
import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import av
import httpx2
import openai
import pytest
from av.audio.resampler import AudioResampler
from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from websockets.asyncio.client import connect

from .conftest import Suite

SPEECH = Path(__file__).parents[2] / "services" / "transcriber" / "tests" / "data" / "leisure.flac"
SAID = (
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for "
    "them"
)
SECONDS = 90.0
CHUNK = 3200
"""0.1 s of samples."""


@pytest.fixture(scope="module")
def client(suite: Suite) -> Iterator[openai.OpenAI]:
    http = httpx2.Client(trust_env=False)
    with openai.OpenAI(api_key="wrn_any", base_url=f"{suite.url}/v1", http_client=http, max_retries=0) as made:
        yield made


@pytest.fixture(scope="module")
def samples() -> bytes:
    """The recording as 16 kHz linear16."""
    resampler = AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(SPEECH)) as file:
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    return b"".join(frame.to_ndarray().tobytes() for frame in [*frames, *resampler.resample(None)])


@pytest.fixture(scope="module")
def words(client: openai.OpenAI) -> str:
    """What the engine hears in the whole recording."""
    with SPEECH.open("rb") as file:
        return client.audio.transcriptions.create(file=file, model="whisper-1").text


def similar(heard: str, words: str) -> bool:
    """Live audio may be cut into utterances elsewhere than a recording, by which a word or two change."""
    return SequenceMatcher(None, heard.split(), words.split()).ratio() > 0.6


# openai ---------------------------------------------------------------------------------------------------------------


def test_what_is_heard_is_what_was_said(words: str) -> None:
    assert similar(words, SAID), words


@pytest.mark.parametrize("kind", ["text", "srt", "vtt"])
def test_openai_gets_plain_formats(client: openai.OpenAI, words: str, kind: Any) -> None:
    with SPEECH.open("rb") as file:
        answer: Any = client.audio.transcriptions.create(file=file, model="whisper-1", response_format=kind)

    assert isinstance(answer, str)
    assert words.split(maxsplit=1)[0] in answer
    assert {"text": words in answer, "srt": "-->" in answer, "vtt": answer.startswith("WEBVTT")}[kind]


def test_openai_gets_words_and_segments(client: openai.OpenAI, words: str) -> None:
    with SPEECH.open("rb") as file:
        answer = client.audio.transcriptions.create(
            file=file,
            model="whisper-1",
            language="en",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )

    assert answer.text == words
    assert answer.segments
    assert " ".join(segment.text for segment in answer.segments) == words
    assert answer.words
    assert [word.word for word in answer.words] == words.split()
    assert 0 <= answer.words[0].start < answer.words[-1].end <= answer.duration


def test_openai_gets_a_stream(client: openai.OpenAI, words: str) -> None:
    with SPEECH.open("rb") as file:
        events = list(client.audio.transcriptions.create(file=file, model="gpt-4o-transcribe", stream=True))

    assert [event.type for event in events[-2:]] == ["transcript.text.delta", "transcript.text.done"]
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == words
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == words


def test_openai_is_told_what_is_wrong(client: openai.OpenAI) -> None:
    broken = b"RIFF\x24\x00\x00\x00WAVEnonsense" + bytes(100)
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(file=("broken.wav", broken), model="whisper-1")

    assert refused.value.code == "audio.unreadable"


# deepgram-sdk ---------------------------------------------------------------------------------------------------------


async def listen(suite: Suite, audio: bytes, **options: Any) -> list[Any]:
    """All messages that Deepgram's client gets for this audio, sent twice as fast as it was said."""
    socket_url = suite.url.replace("http", "ws", 1)
    environment = DeepgramClientEnvironment(
        base=suite.url, production=socket_url, agent=socket_url, agent_rest=suite.url
    )
    client = AsyncDeepgramClient(api_key="wrn_any", environment=environment)
    heard: list[Any] = []
    async with client.listen.v1.connect(model="nova-3", **options) as connection:
        connection.on(EventType.MESSAGE, heard.append)
        listening = asyncio.create_task(connection.start_listening())
        for start in range(0, len(audio), CHUNK):
            await connection.send_media(audio[start : start + CHUNK])
            await asyncio.sleep(0.05)
        await connection.send_keep_alive()
        await connection.send_finalize()
        await connection.send_close_stream()
        async with asyncio.timeout(SECONDS):
            await listening
    return heard


def finals(heard: list[Any]) -> str:
    texts = [item.channel.alternatives[0].transcript for item in heard if item.type == "Results" and item.is_final]
    return " ".join(texts)


async def test_deepgram_hears_samples(suite: Suite, samples: bytes, words: str) -> None:
    options = {"interim_results": "true", "vad_events": "true", "utterance_end_ms": "1000", "language": "en"}
    heard = await listen(suite, samples, encoding="linear16", sample_rate="16000", **options)
    kinds = [item.type for item in heard]
    last = [item for item in heard if item.type == "Results"][-1]

    assert similar(finals(heard), words), finals(heard)
    assert kinds[0] == "SpeechStarted"
    assert {"Results", "UtteranceEnd"} <= set(kinds)
    assert kinds[-1] == "Metadata"
    assert heard[-1].duration == pytest.approx(len(samples) / 32_000, abs=0.1)
    assert last.channel.alternatives[0].words[-1].word == words.rsplit(maxsplit=1)[-1]


async def test_deepgram_hears_a_container(suite: Suite, words: str) -> None:
    heard = await listen(suite, SPEECH.read_bytes())

    assert similar(finals(heard), words), finals(heard)
    assert heard[-1].type == "Metadata"


# Plain WebSockets -----------------------------------------------------------------------------------------------------


async def test_our_own_protocol_hears_samples(suite: Suite, samples: bytes, words: str) -> None:
    address = f"{suite.url.replace('http', 'ws', 1)}/v1/audio/stream?encoding=linear16&sample_rate=16000"
    async with asyncio.timeout(SECONDS), connect(address, proxy=None) as socket:
        for start in range(0, len(samples), CHUNK):
            await socket.send(samples[start : start + CHUNK])
        await socket.send('{"type": "end"}')
        heard = [json.loads(message) async for message in socket]
    acks = [message["seq"] for message in heard if message["type"] == "ack"]

    assert acks == list(range(1, len(acks) + 1))
    assert similar(heard[-1]["text"], words), heard[-1]
    assert heard[-1]["duration"] == pytest.approx(len(samples) / 32_000, abs=0.01)


async def test_the_earlier_python_client_hears_its_words(suite: Suite, samples: bytes, words: str) -> None:
    said: list[str] = []
    async with asyncio.timeout(SECONDS), connect(f"{suite.url.replace('http', 'ws', 1)}/ws", proxy=None) as socket:
        await socket.send(b"")
        assert json.loads(await socket.recv())["error"] == "Audio data is empty"
        for start in range(0, len(samples), CHUNK):
            await socket.send(samples[start : start + CHUNK])
            while (answer := json.loads(await socket.recv()))["status"] == "transcript":
                said.append(answer["text"])
            assert answer == {"status": "received", "size": len(samples[start : start + CHUNK])}
        while len(" ".join(said).split()) < len(words.split()) // 2:
            answer = json.loads(await socket.recv())
            assert isinstance(answer["client_id"], int)
            said.append(answer["text"])

    assert similar(" ".join(said), words), said
