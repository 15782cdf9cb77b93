"""What a language model says of texts: kept beside their features, paid for once, and its failures told."""

import pytest

from analyzer.settings import BulkSettings
from analyzer.texts.batch import Batches
from analyzer.texts.children import Children
from analyzer.texts.intake import Intake
from analyzer.texts.store.texts import NewText
from warren.contracts.texts import GetText, LlmTextChunk, StoredText
from warren.contracts.usage import Usage
from warren.errors import JobError, TransientError, WarrenError

from .conftest import SAID, Desk
from .loading import batch_of, load, ndjson, told

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]


async def stored(desk: Desk, track_id: str) -> StoredText:
    text: StoredText = await desk.ask(GetText(owner=desk.owner, track_id=track_id))
    return text


def said_of(text: StoredText) -> object:
    return text.llm_analysis and text.llm_analysis.model_dump(mode="json", include=set(SAID))


async def test_what_the_model_says_is_kept_and_asked_for_once(desk: Desk) -> None:
    first = await desk.add_llm("a", "once upon the sea")
    again = await desk.add_llm("a", "once upon the sea")

    assert said_of(first.text) == SAID
    assert first.text.llm_analysis is not None
    assert (first.text.llm_analysis.model, first.text.llm_analysis.prompt_version) == ("some/model", "1")
    assert first.usage == Usage(requests=1, prompt_tokens=100, completion_tokens=20, cost=0.5)
    assert not first.unchanged
    assert (again.unchanged, said_of(again.text), again.usage) == (True, SAID, Usage())
    assert await stored(desk, "a") == first.text
    assert desk.asked_about("once upon the sea") == 1


async def test_it_is_added_to_a_text_that_is_there_and_goes_with_it(desk: Desk) -> None:
    plain = await desk.add("a", "a plain sea")
    added = await desk.add_llm("a", "a plain sea")
    same = await desk.add("a", "a plain sea")
    await desk.rows("UPDATE analyzer.texts SET features_version = 0 WHERE owner = :owner RETURNING 1")
    described_anew = await desk.add("a", "a plain sea")
    other = await desk.add("a", "another plain sea")

    assert said_of(plain.text) is None
    assert (added.unchanged, said_of(added.text)) == (False, SAID)
    assert (same.unchanged, said_of(same.text)) == (True, SAID)
    assert (described_anew.unchanged, said_of(described_anew.text)) == (False, SAID)
    assert (other.unchanged, said_of(other.text)) == (False, None)


async def test_what_another_model_said_is_asked_for_again(desk: Desk) -> None:
    await desk.add_llm("a", "the models change")
    changed = "jsonb_set(llm_analysis, '{model}', '\"other/model\"')"
    await desk.rows(f"UPDATE analyzer.texts SET llm_analysis = {changed} WHERE owner = :owner RETURNING 1")

    again = await desk.add_llm("a", "the models change")

    assert (again.unchanged, again.usage) == (False, Usage(cached=1))
    assert again.text.llm_analysis is not None
    assert again.text.llm_analysis.model == "some/model"


async def test_a_reply_that_does_not_fit_is_repaired(desk: Desk) -> None:
    added = await desk.add_llm("a", "a mumbling sea")

    assert said_of(added.text) == SAID
    assert added.usage.requests == 2


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("always mumbling alone", JobError, "llm.invalid_reply"),
        ("not for models alone", JobError, "llm.unavailable"),
        ("away for good alone", TransientError, "llm.unavailable"),
    ],
)
async def test_a_text_without_an_answer_is_stored_all_the_same(
    desk: Desk, text: str, error: type[JobError] | type[TransientError], code: str
) -> None:
    with pytest.raises(WarrenError) as failed:
        await desk.add_llm("a", text)

    assert isinstance(failed.value, error)
    assert failed.value.code == code
    assert (await stored(desk, "a")).excerpt == text
    assert (await desk.add("a", text)).unchanged


async def test_a_file_is_kept_with_what_the_model_says_and_what_fails_is_told(desk: Desk) -> None:
    strange = {12: "not for models", 13: "always mumbling", 21: "away for now", 31: "away for good", 32: "mumbling"}
    songs = [{"track_id": f"s{n}", "text": f"file of songs {n}: {strange.get(n, 'fine')}"} for n in range(40)]
    job, again = [await batch_of(desk, ndjson(*songs), llm=True) for _ in range(2)]

    report = await load(desk, job)

    assert (report.texts, report.stored, report.failed, report.llm_failed, report.listed) == (40, 40, 0, 3, 3)
    assert [(item["line"], item["track_id"], item["code"]) for item in told(job)] == [
        (13, "s12", "llm.unavailable"),
        (14, "s13", "llm.invalid_reply"),
        (32, "s31", "llm.unavailable"),
    ]
    found = {name: said_of(await stored(desk, name)) for name in ("s0", "s13", "s21", "s31", "s32")}
    assert found == {"s0": SAID, "s13": None, "s21": SAID, "s31": None, "s32": SAID}
    # Chunks that ran again, as the model was away, did not pay twice.
    assert all(desk.asked_about(f"file of songs {n}: fine") == 1 for n in range(40) if n not in strange)
    assert desk.asked_about("file of songs 21: ") == 2
    assert (report.usage.requests, report.usage.cost) == (40, 0.5 * 36)

    repeated = await load(desk, again)

    assert (repeated.texts, repeated.unchanged, repeated.llm_failed) == (40, 40, 3)
    assert all(desk.asked_about(f"file of songs {n}: fine") == 1 for n in range(40) if n not in strange)


async def test_a_chunk_that_comes_again_asks_nothing(desk: Desk) -> None:
    job = await batch_of(desk, ndjson({"track_id": "a", "text": "a chunk of the sea"}), llm=True)
    await load(desk, job)

    await desk.run(LlmTextChunk(batch_id=job.id, n=1))

    assert desk.asked_about("a chunk of the sea") == 1


async def test_without_a_model_who_asks_for_one_is_refused_and_nothing_stored(desk: Desk) -> None:
    settings = BulkSettings()
    intake = Intake(desk.store, Children(settings, 1), None)
    job = await batch_of(desk, ndjson({"track_id": "a", "text": "la"}), llm=True)

    async def send(*_: object, **__: object) -> None:
        raise AssertionError

    with pytest.raises(JobError) as single:
        await intake.add_llm(NewText(desk.owner, "a", "la"))
    with pytest.raises(JobError) as batch:
        await Batches(desk.store, desk.blobs, send, settings, None).load(job)

    assert (single.value.code, batch.value.code) == ("llm.not_configured", "llm.not_configured")
    assert await desk.rows("SELECT 1 FROM analyzer.texts WHERE owner = :owner") == []
