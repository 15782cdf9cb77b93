"""Lines of a body are the same however the network cuts it, and none is held that is too long."""

from collections.abc import AsyncIterator, Sequence

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from gateway import bodies

pytestmark = pytest.mark.unit


def request(chunks: Sequence[bytes]) -> Request:
    """A request whose body comes in these pieces."""
    parts = iter([*({"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks)])

    async def receive() -> dict[str, object]:
        return next(parts, {"type": "http.request", "body": b"", "more_body": False})

    return Request({"type": "http", "headers": []}, receive)


async def collected(lines: AsyncIterator[tuple[int, bytes | None]]) -> list[tuple[int, bytes | None]]:
    return [line async for line in lines]


@given(st.lists(st.binary(max_size=12).map(lambda part: part.replace(b"x", b"\n")), max_size=12))
async def test_lines_do_not_depend_on_how_the_body_is_cut(chunks: list[bytes]) -> None:
    whole = enumerate(b"".join(chunks).split(b"\n"), 1)

    assert await collected(bodies.lines(request(chunks), 1000)) == [
        (number, line.strip()) for number, line in whole if line.strip()
    ]


async def test_a_line_that_is_too_long_is_told_and_the_next_one_read() -> None:
    chunks = [b'{"a": 1}\n', b"b" * 8, b"b" * 8, b"b\ncc\n", b"d" * 11]

    assert await collected(bodies.lines(request(chunks), 10)) == [(1, b'{"a": 1}'), (2, None), (3, b"cc"), (4, None)]
