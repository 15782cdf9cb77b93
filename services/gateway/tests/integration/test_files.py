"""`/v1/files`: what may be uploaded, what is kept, and what is left behind (nothing)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from .conftest import StartGateway
from .support import CSV, SECONDS, RunningGateway

MEGABYTE = 1 << 20


async def upload(gateway: RunningGateway, content: bytes, name: str = "sales.csv", **fields: Any) -> Any:
    return await gateway.http.post("/v1/files", files={"file": (name, content)}, data=fields)


async def test_a_file_is_described_and_found_again(gateway: RunningGateway) -> None:
    response = await upload(gateway, CSV)
    file = response.json()

    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/files/{file['id']}"
    assert (file["object"], file["name"], file["size"]) == ("file", "sales.csv", len(CSV))
    assert file["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert (await gateway.http.get(response.headers["Location"])).json() == file
    assert await gateway.parts.blobs.get(f"files/{file['id']}") == CSV


async def test_a_kept_file_can_be_asked_about(gateway: RunningGateway) -> None:
    file = (await upload(gateway, CSV)).json()
    response = await gateway.http.post("/v1/analyses", json={"question": "how many?", "file_id": file["id"]})

    assert response.status_code == 202
    assert response.json()["input"]["file"]["id"] == file["id"]


async def test_a_deleted_file_is_gone_with_its_bytes(gateway: RunningGateway) -> None:
    path = (await upload(gateway, CSV)).headers["Location"]

    assert (await gateway.http.delete(path)).status_code == 204
    assert (await gateway.http.get(path)).status_code == 404
    assert (await gateway.http.delete(path)).status_code == 404
    assert gateway.blobs("files") == []


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"MZ\x90\0\x03\0\0\0\x04\0\0\0", "program"),
        (b"\x7fELF\x02\x01\x01\0", "program"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
        (b"\x1f\x8b\x08\0\0\0", "gzip"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "recording"),
    ],
)
async def test_what_is_no_table_is_415_by_its_content(gateway: RunningGateway, content: bytes, what: str) -> None:
    response = await upload(gateway, content * 10, "table.csv")

    assert response.status_code == 415
    assert response.json()["code"] == "file.not_a_table"
    assert what in response.json()["detail"]
    assert gateway.blobs("files") == []


@pytest.mark.parametrize("content", [b"MZ,count\nA,1\n", b"ID3;x\n1;2\n", b"RIFF\n1\n"])
async def test_a_table_whose_first_column_is_called_like_a_format_is_taken(
    gateway: RunningGateway, content: bytes
) -> None:
    assert (await upload(gateway, content)).status_code == 201


async def test_an_empty_file_is_422(gateway: RunningGateway) -> None:
    response = await upload(gateway, b"")

    assert response.status_code == 422
    assert response.json()["code"] == "file.empty"
    assert "sales.csv" in response.json()["detail"]


@pytest.mark.parametrize(
    "request_", [{"data": {"session_id": "x"}, "files": {"other": b""}}, {"data": {"file": "text"}}]
)
async def test_a_form_without_a_file_is_422_or_415(gateway: RunningGateway, request_: dict[str, Any]) -> None:
    response = await gateway.http.post("/v1/files", **request_)

    assert response.status_code in {415, 422}
    assert response.headers["Content-Type"] == "application/problem+json"


async def test_a_file_may_be_as_large_as_the_limit_and_no_larger(start_gateway: StartGateway) -> None:
    async with start_gateway(max_upload_bytes=2 * MEGABYTE) as gateway:
        fits = await upload(gateway, b"x" * 2 * MEGABYTE)
        too_large = await upload(gateway, b"x" * (2 * MEGABYTE + 1))

        assert fits.status_code == 201
        assert too_large.status_code == 413
        assert too_large.json()["code"] == "file.too_large"
        assert "2 MB" in too_large.json()["detail"]
        assert len(gateway.blobs("files")) == 1


@pytest.mark.parametrize("path", ["/v1/files", "/v1/analyses", "/api/analyze-async"])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "while streaming"])
async def test_a_body_beyond_the_limit_is_413(start_gateway: StartGateway, path: str, announced: bool) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'

    async def endless() -> AsyncIterator[bytes]:
        yield head
        for _ in range(64):
            yield b"1,2,3\n" * 10_000

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with start_gateway(max_upload_bytes=100_000) as gateway:
        if announced:
            response = await gateway.http.post(path, content=b"x" * 2 * MEGABYTE, headers=headers)
        else:
            response = await gateway.http.post(path, content=endless(), headers=headers)

        assert response.status_code == 413
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "file.too_large"
        assert gateway.blobs("files") == []


async def test_a_body_without_a_file_has_a_small_limit(gateway: RunningGateway) -> None:
    response = await gateway.http.post("/v1/analyses", json={"question": "x" * 2 * MEGABYTE})

    assert response.status_code == 413
    assert response.json()["code"] == "body.too_large"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\sales.csv", "sales.csv"),
        ("Продажи 2026.csv", "Продажи 2026.csv"),
        ("a\x00b\u202ecsv.exe", "abcsv.exe"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("...", "..."),
        ("dir/", "file"),
    ],
)
async def test_a_clients_file_name_becomes_a_label(gateway: RunningGateway, given: str, kept: str) -> None:
    response = await gateway.http.post(
        "/v1/files",
        content=b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\na\n1\r\n--x--\r\n'
        % given.replace("\\", "\\\\").encode(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert response.status_code == 201, response.text
    assert response.json()["name"] == kept


async def test_a_request_that_is_refused_leaves_no_bytes_behind(gateway: RunningGateway) -> None:
    refused = [
        await gateway.http.post_question("how many?", CSV, session_id="ses_unknown"),
        await gateway.http.post_question("", CSV),
        await gateway.http.post_question("how many?", CSV, engine="other"),
        await upload(gateway, CSV, session_id="ses_unknown"),
        await gateway.http.post("/api/analyze-async", data={"query": ""}, files={"file": ("a.csv", CSV)}),
    ]

    assert [response.status_code for response in refused] == [404, 422, 422, 404, 422]
    assert gateway.blobs("files") == []


async def test_who_has_no_key_is_refused_before_the_body_is_read(start_gateway: StartGateway) -> None:
    """A stranger must not fill the disk."""
    head = (
        b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    )
    async with start_gateway(auth="keys") as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(head)
        async with asyncio.timeout(SECONDS):
            status = await reader.readline()
        writer.close()

        assert status.split()[1] == b"401"
