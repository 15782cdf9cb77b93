"""What takes the processor runs in a child process, so that queries and heartbeats never wait for it."""

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from warren.errors import TransientError

log = structlog.get_logger(__name__)

T = TypeVar("T")

END_SECONDS = 2.0
NICENESS = 5
"""How far the child gives way to everything else (Unix niceness)."""


class Cruncher:
    """One child, started when it is first needed: it holds what this process never loads. It ends with this process,
    however that ends: it reads from it. With a `preparation`, a function of a module, it is started on entering, and
    calls that first, so that nobody waits for it later.

    `service` begins the error code of a call whose child died: `<service>.process_died`.
    """

    def __init__(self, service: str, preparation: Callable[[], object] | None = None) -> None:
        self._service = service
        self._preparation = preparation
        self._child: subprocess.Popen[bytes] | None = None
        # One thread: the child answers one question after the other.
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="cruncher")

    async def __aenter__(self) -> Self:
        if self._preparation is not None:
            self._asking.submit(self._prepare, self._preparation)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """End the child."""
        self._end()
        self._asking.shutdown(cancel_futures=True)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function of a module in the child. Raises what it raises, and `TransientError` if the child dies."""
        try:
            good, answer = await asyncio.get_running_loop().run_in_executor(
                self._asking, self._ask, function, arguments
            )
        except (EOFError, OSError, pickle.UnpicklingError):
            log.warning("cruncher_died", function=function.__name__)
            raise TransientError(f"{self._service}.process_died", f"A process of the {self._service} died.") from None
        if not good:
            raise answer
        result: T = answer
        return result

    def _prepare(self, preparation: Callable[[], object]) -> None:
        try:
            self._ask(preparation, ())
        except (EOFError, OSError, pickle.UnpicklingError) as error:  # whoever needs the child starts another
            log.warning("cruncher_not_prepared", error=str(error))

    def _ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        if self._child is None:
            command = (sys.executable, "-m", __name__)
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child = self._child
        assert child.stdin is not None and child.stdout is not None  # noqa: PT018, S101  they are pipes
        try:
            pickle.dump((function, arguments), child.stdin)
            child.stdin.flush()
            answer: tuple[bool, Any] = pickle.load(child.stdout)  # noqa: S301  # nosec B301  our own child wrote it
        except (EOFError, OSError, pickle.UnpicklingError):
            self._end()
            raise
        return answer

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait(END_SECONDS)


def main() -> None:
    """Answer until the other side of the pipe is gone."""
    os.nice(NICENESS)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What libraries print must not get between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while True:
        try:
            function, arguments = pickle.load(questions)  # noqa: S301  # nosec B301  our own parent wrote it
        except EOFError:
            return
        try:
            answer = (True, function(*arguments))
        except Exception as error:  # noqa: BLE001  whoever asked learns of it
            answer = (False, error)
        try:
            pickle.dump(answer, answers)
            answers.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
