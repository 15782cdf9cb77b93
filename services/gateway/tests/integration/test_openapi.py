"""`/openapi.json` tells the truth: what it allows is accepted, what it forbids is refused, and nothing is a 5xx."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway import asking
from warren.contracts.analyzer import AnalyzerStatus, AnalyzerStatusQuery
from warren.contracts.events import EventType
from warren.queries import QueryServer

from .conftest import StartGateway
from .digests import digest_service
from .support import RunningGateway
from .texts import TextService

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


def work_off(gateway: RunningGateway) -> None:
    """Finish every job as soon as it comes."""

    async def finish(message: Any) -> None:
        await message.ack()
        run = gateway.run(message.message_id)
        blob = f"jobs/{message.message_id}/transcript"
        await gateway.parts.blobs.put(blob, _once(b"subtitles"))
        artifacts = [
            {"name": name, "media_type": "text/plain", "size": 9, "blob": blob}
            for name in ("a.csv", "transcript.srt", "transcript.vtt")
        ]
        result = {"answer": "2", "text": "two", "duration": 1.0, "language": "en", "engine": "ears"}
        await run.tell(
            run.next(EventType.started),
            run.next(EventType.completed, result=result, brief={"answer": "2"}, artifacts=artifacts),
        )

    async def listen(channel: Any) -> None:
        for name in ("analyzer", "transcriber-files", "gateway"):
            await (await channel.get_queue(name, ensure=False)).consume(finish)

    async def status(_query: AnalyzerStatusQuery) -> AnalyzerStatus:
        return AnalyzerStatus(sandbox_tier="none", engine="local")

    texts = TextService(gateway)
    gateway.parts.broker.consume(listen)
    gateway.parts.broker.consume(texts.listen)
    QueryServer(gateway.parts.broker, "analyzer", {AnalyzerStatusQuery: status, **texts.handlers()}).start()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.mark.timeout(300)
async def test_schemathesis_finds_nothing(
    start_gateway: StartGateway, gateway_vhost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy with other tests is slow, not wrong.
    monkeypatch.setattr(asking, "ASK_SECONDS", 60.0)
    async with start_gateway(auth="keys", debug=True) as gateway, digest_service(gateway_vhost):
        work_off(gateway)
        secret = await gateway.create_key()
        process = await asyncio.create_subprocess_exec(
            *(SCHEMATHESIS, "run", f"{gateway.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {secret}"),
            # Some valid requests are refused for what no schema can say: an empty file, or a session that has ended.
            # And a repeated Idempotency-Key tells of what was created once, and may be deleted since.
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance,ensure_resource_availability"),
            # One at a time: Python 3.11's parser, which Hypothesis asks for its lambdas, is not safe in threads.
            *("--phases", "coverage,fuzzing,stateful", "--max-examples", "5", "--workers", "1"),
            *("--seed", "20260102", "--no-shrink"),
            *("--request-timeout", "60", "--suppress-health-check", "all"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()


async def test_every_call_has_a_name_of_its_own(gateway: RunningGateway) -> None:
    """Generated clients make methods of these."""
    document = (await gateway.http.get("/openapi.json")).json()
    names = [call["operationId"] for path in document["paths"].values() for call in path.values()]

    assert len(names) == len(set(names))


async def test_the_page_of_the_api_needs_no_internet(gateway: RunningGateway) -> None:
    page = await gateway.http.get("/docs")
    scripts = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.status_code == 200
    assert scripts
    assert [(await gateway.http.get(script)).status_code for script in scripts] == [200] * len(scripts)
    assert not any("//" in script for script in scripts)
