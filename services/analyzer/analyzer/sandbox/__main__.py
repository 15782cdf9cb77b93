"""`python -m analyzer.sandbox FILE CODE`: read a file, run code on it, show what comes back. For debugging."""

import asyncio
import sys
import tempfile
from pathlib import Path

from analyzer.sandbox import Sandbox


async def main(file: str, code: str) -> None:
    source = Path(file)
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox() as sandbox:
            target = Path(folder) / "frame.arrow"
            prepared = await sandbox.prepare(source, name=source.name, sheet=None, target=target)
            result = await sandbox.run(code, target)
    sys.stdout.write(f"{prepared.report!r}\n{result!r}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
