"""Golden samples: what was sent yesterday is read today, and written as it was.

When a message gets a new version, its old sample stays here and must still decode.
"""

import importlib
import inspect
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from warren import contracts
from warren.contracts.base import JobPayload, JobResult, Message, Query
from warren.contracts.events import EventType, JobEvent
from warren.jobs import JobMessage

SAMPLES = sorted(Path(__file__).with_name("contracts").glob("*.json"))
INSIDE_OTHERS = {
    "Artifact",
    "AudioFormat",
    "ContentItem",
    "Point",
    "PopularTopic",
    "Recommendation",
    "Usage",
    "Segment",
    "Word",
    "Attempt",
    "JobEvent",
    "Plot",
    "Provenance",
    "Table",
    "Turn",
    "UploadedFile",
    "BatchState",
    "BotChanges",
    "BotSpec",
    "BotStatus",
    "Category",
    "ChannelChanges",
    "ChannelSpec",
    "ComparedPost",
    "DigestItem",
    "DigestSummary",
    "ListQuery",
    "LlmAnalysis",
    "NewPost",
    "OwnerQuery",
    "PostOutcome",
    "PostResult",
    "PreviewedPost",
    "PromptVersion",
    "RecordQuery",
    "Section",
    "Sentence",
    "SimilarText",
    "TextFilter",
    "TextQuery",
}
ABSTRACT = {Message, JobPayload, JobResult, Query}


def _messages() -> dict[str, type[Message]]:
    modules = [
        importlib.import_module(f"warren.contracts.{info.name}") for info in pkgutil.iter_modules(contracts.__path__)
    ]
    defined: list[type[Message]] = [
        item
        for module in modules
        for _, item in inspect.getmembers(module, inspect.isclass)
        if issubclass(item, Message) and item.__module__ == module.__name__ and item not in ABSTRACT
    ]
    messages: list[type[Message]] = [JobMessage, *defined]
    return {item.__name__: item for item in messages}


MESSAGES = _messages()
JOB_PAYLOADS = [item for item in MESSAGES.values() if issubclass(item, JobPayload)]


def _sample(path: Path) -> tuple[type[Message], dict[str, Any]]:
    name, _version = path.stem.split(".")
    return MESSAGES[name], json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_decodes_and_is_written_as_it_was(path: Path) -> None:
    message, sample = _sample(path)
    decoded = message.model_validate_json(path.read_text(encoding="utf-8"))

    assert decoded.model_dump(mode="json") == sample
    assert message.model_validate_json(decoded.model_dump_json()) == decoded


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_fields_of_a_newer_version_are_ignored(path: Path) -> None:
    message, sample = _sample(path)

    assert message.model_validate({**sample, "added_later": 1}) == message.model_validate(sample)


def test_every_message_has_a_sample_of_its_present_version() -> None:
    needed = {
        f"{name}.v{item.version if issubclass(item, JobPayload) else 1}"
        for name, item in MESSAGES.items()
        if name not in INSIDE_OTHERS and item.model_fields
    }
    empty = {f"{name}.v1" for name, item in MESSAGES.items() if not item.model_fields and name != "Empty"}

    assert {path.stem for path in SAMPLES} >= needed | empty


def test_samples_leave_no_field_at_a_value_that_shows_nothing() -> None:
    _, job = _sample(next(path for path in SAMPLES if path.stem == "JobMessage.v1"))
    _, report = _sample(next(path for path in SAMPLES if path.stem == "CsvReport.v1"))

    assert all(job.values())
    assert all(report.values())


@pytest.mark.parametrize("payload", JOB_PAYLOADS)
def test_a_job_kind_is_named_after_its_service(payload: type[JobPayload]) -> None:
    service, _, work = payload.kind.partition(".")

    assert service == payload.queue.split("-")[0]
    assert work
    assert payload.timeout > 0
    assert payload.max_retries >= 0


def test_job_kinds_and_their_aliases_are_unique() -> None:
    names = [name for payload in JOB_PAYLOADS for name in (payload.kind, *payload.kind_aliases)]

    assert len(names) == len(set(names))


def test_exactly_the_four_ends_are_terminal() -> None:
    assert {kind.value for kind in EventType if kind.terminal} == {"completed", "failed", "cancelled", "expired"}


def test_an_event_shows_its_run_and_number_as_its_id() -> None:
    event = JobEvent.model_validate({"job_id": "job_1", "run": 2, "n": 17, "type": "progress", "at": "2026-01-02"})

    assert event.id == "2-17"
