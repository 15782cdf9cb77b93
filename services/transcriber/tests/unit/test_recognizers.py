"""The pool of recognition processes: fair, and none the worse for a process that dies."""

import asyncio
import os
from pathlib import Path

import pytest

from transcriber.engines import Recognition
from transcriber.errors import EngineFailed
from transcriber.recognizers import FairQueue, Recognizers, Request

ENGINE = '''
import os
from transcriber.engines import Recognition
from transcriber.errors import EngineUnavailable


class Parrot:
    """Says what the samples say."""

    def __init__(self, settings):
        pass

    def recognise(self, pcm, language, prompt):
        said = pcm.decode()
        if said == "die":
            os._exit(9)
        if said.startswith("die once") and not os.path.exists(prompt):
            open(prompt, "w").close()
            os._exit(9)
        if said == "raise":
            raise LookupError("no such word")
        return Recognition(said, language=language)
'''


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "parrot.py").write_text(ENGINE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("WARREN_ENGINE", "parrot:Parrot")
    return "parrot"


def request(name: str) -> Request:
    return Request(name.encode(), None, None, asyncio.get_running_loop().create_future())


async def test_each_speaker_has_a_turn_however_much_one_has_to_say() -> None:
    queue = FairQueue()
    for speaker, name in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("c", "c2")]:
        await queue.put(speaker, request(name))

    order = [(await queue.get())[1].pcm.decode() for _ in range(6)]
    assert order == ["a1", "b1", "c1", "a2", "c2", "a3"]


async def test_what_nobody_waits_for_any_more_is_left_out() -> None:
    queue = FairQueue()
    given_up, wanted = request("given up"), request("wanted")
    await queue.put("a", given_up)
    await queue.put("a", wanted)
    given_up.answer.cancel()

    assert (await queue.get())[1] is wanted


async def test_an_engine_of_ones_own_is_used(parrot: str) -> None:
    async with Recognizers(parrot, 2) as recognizers:
        assert await recognizers.recognise("a", b"hello", language="de") == Recognition("hello", language="de")


async def test_an_utterance_whose_process_dies_is_recognised_by_the_next(parrot: str, tmp_path: Path) -> None:
    async with Recognizers(parrot, 1) as recognizers:
        heard = await recognizers.recognise("a", b"die once", prompt=str(tmp_path / "died"))

    assert heard.text == "die once"
    assert (tmp_path / "died").exists()


async def test_an_utterance_that_kills_every_process_is_given_up_and_others_are_not(parrot: str) -> None:
    async with Recognizers(parrot, 1) as recognizers:
        with pytest.raises(EngineFailed):
            await recognizers.recognise("a", b"die")
        assert (await recognizers.recognise("b", b"hello")).text == "hello"


async def test_an_error_of_the_engine_costs_one_utterance(parrot: str) -> None:
    async with Recognizers(parrot, 1) as recognizers:
        with pytest.raises(EngineFailed, match="no such word"):
            await recognizers.recognise("a", b"raise")
        assert (await recognizers.recognise("a", b"hello")).text == "hello"
