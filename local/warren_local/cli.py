"""`warren-local`, which `make run` calls: the whole suite on one machine, without containers."""

import argparse
import signal
import sys
from contextlib import closing
from types import FrameType

from pydantic import ValidationError

from warren.errors import WarrenError
from warren.settings import PREFIX
from warren_local.lock import RunLock
from warren_local.plan import public_url
from warren_local.settings import LocalSettings
from warren_local.suite import Suite


def main() -> None:
    """Run until Ctrl-C, SIGTERM, or the terminal closes; exit 1 with one sentence if it cannot run."""
    parser = argparse.ArgumentParser(prog="warren-local", description="Run the whole suite on this machine.")
    parser.add_argument("--check", action="store_true", help="only fail if it runs already")
    arguments = parser.parse_args()
    try:
        run(only_check=arguments.check)
    except ValidationError as error:
        sys.exit(_explain(error))
    except WarrenError as error:
        sys.exit(f"warren: {error}")


def run(*, only_check: bool = False) -> None:
    """As `main`, raising WarrenError or pydantic's ValidationError."""
    settings = LocalSettings()
    stop = StopSignals()
    with closing(RunLock(settings.data / "run.lock", public_url(settings))) as lock:
        lock.acquire()
        if only_check:
            return
        Suite(settings, stop.received).run()


class StopSignals:
    """Remembers that somebody asked this process to stop."""

    def __init__(self) -> None:
        self._received = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def received(self) -> bool:
        return self._received

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._received = True


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        setting = "_".join(map(str, item["loc"])).upper().removeprefix(PREFIX)
        lines.append(f"{PREFIX}{setting}: {item['msg']}" if setting else item["msg"])
    return "\n".join(lines)
