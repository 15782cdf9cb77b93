"""Code may write its reply itself. It can forge its own result so, and nothing else: the worker believes no byte."""

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.sandbox import SandboxUnavailable
from analyzer.sandbox.limits import Layer

if TYPE_CHECKING:
    from .conftest import Laboratory

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORGE = """
import os, stat
data = {data!r}
for line in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(line).st_mode):
            while data:
                data = data[os.write(line, data):]
    except OSError:
        pass
os._exit(0)
"""


def png(width: int = 1, height: int = 1) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x00\x00\x00\x00"


def framed(reply: Any, rest: bytes = b"") -> bytes:
    payload = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return struct.pack("!I", len(payload)) + payload + rest


TABLE = {"title": "", "columns": ["a"], "rows": [[1]], "total_rows": 1}
PICTURE = {"title": "", "size": len(png())}

MALFORMED = {
    "nothing": b"",
    "half a length": b"\x00\x00",
    "less than announced": struct.pack("!I", 1000) + b"{}",
    "no JSON": framed(b"hello"),
    "no object": framed([1, 2]),
    "no outcome": framed({}),
    "unknown outcome": framed({"outcome": "timeout"}),
    "outcome of another operation": framed({"outcome": "unreadable"}),
    "unknown field": framed({"outcome": "ok", "tier": "full"}),
    "wrong type": framed({"outcome": "ok", "answer": {"a": 1}}),
    "not a number": framed(b'{"outcome": "ok", "value": NaN}'),
    "number beyond floats": framed(b'{"outcome": "ok", "value": 1e999}'),
    "number beyond floats in a table": framed(
        b'{"outcome": "ok", "tables": [{"title": "", "columns": ["a"], "rows": [[1e999]], "total_rows": 1}]}'
    ),
    "deep nesting": framed(b'{"outcome": "ok", "answer": ' + b"[" * 100_000),
    "NUL character": framed({"outcome": "ok", "answer": "a\x00b"}),
    "raw NUL character": framed(b'{"outcome": "ok", "answer": "a\x00b"}'),
    "lone surrogate": framed({"outcome": "ok", "answer": "\ud800"}),
    "no UTF-8": framed(b'{"outcome": "ok", "answer": "\xff"}'),
    "endless number": framed(b'{"outcome": "ok", "value": ' + b"9" * 100_000 + b"}"),
    "ragged table": framed({"outcome": "ok", "tables": [TABLE | {"rows": [[1], [1, 2]], "total_rows": 2}]}),
    "table with fewer rows than it has": framed({"outcome": "ok", "tables": [TABLE | {"total_rows": 0}]}),
    "cell that is no cell": framed({"outcome": "ok", "tables": [TABLE | {"rows": [[{"x": 1}]]}]}),
    "picture missing": framed({"outcome": "ok", "pictures": [PICTURE]}),
    "picture too many": framed({"outcome": "ok"}, png()),
    "picture of another size": framed({"outcome": "ok", "pictures": [PICTURE]}, png() + b"x"),
    "picture of negative size": framed({"outcome": "ok", "pictures": [PICTURE | {"size": -1}]}),
    "picture that is HTML": framed({"outcome": "ok", "pictures": [PICTURE]}, b"<script>".ljust(len(png()))),
    "picture of a few bytes": framed({"outcome": "ok", "pictures": [PICTURE | {"size": 8}]}, png()[:8]),
    "picture of terapixels": framed({"outcome": "ok", "pictures": [PICTURE]}, png(1 << 20, 1 << 20)),
    "picture without pixels": framed({"outcome": "ok", "pictures": [PICTURE]}, png(0, 5)),
    "output of a megabyte": framed({"outcome": "ok", "stdout": "x" * 1_000_000}),
    "error of a megabyte": framed({"outcome": "error", "error": "x" * 1_000_000}),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_reply_is_a_run_that_died(name: str, laboratory: "Laboratory", sales: Path) -> None:
    result = await laboratory.run(FORGE.format(data=MALFORMED[name]), sales, without={Layer.gate})
    assert result.outcome == "died"


@pytest.mark.parametrize(
    "data",
    [repr(struct.pack("!I", 0xFFFFFFFF) + b"x"), f"{framed({'outcome': 'ok'})!r} + bytes(17 << 20)"],
    ids=["length of 4 GB", "flood of pictures"],
)
async def test_reply_above_the_caps_is_cut(data: str, laboratory: "Laboratory", sales: Path) -> None:
    result = await laboratory.run(FORGE.replace("{data!r}", data), sales, without={Layer.gate})
    assert result.outcome == "output"


async def test_code_can_forge_its_own_result(laboratory: "Laboratory", sales: Path) -> None:
    reply = framed({"outcome": "ok", "answer": "made up", "tables": [TABLE], "pictures": [PICTURE]}, png())
    result = await laboratory.run(FORGE.format(data=reply), sales, without={Layer.gate})
    assert (result.outcome, result.answer, result.tables[0].rows) == ("ok", "made up", ((1,),))
    assert result.plots[0].png == png()


async def test_claim_of_a_missing_lock_ends_the_run_only(laboratory: "Laboratory", sales: Path) -> None:
    code = FORGE.format(data=framed({"outcome": "unlocked", "error": "no lock"}))
    with pytest.raises(SandboxUnavailable, match="no lock"):
        await laboratory.run(code, sales, without={Layer.gate})
    assert (await laboratory.run("result = 1", sales)).value == 1
