"""`warren`: parse, run, and turn what went wrong into one message and an exit code."""

import os
import sys

from warren_cli.errors import CommandError, Exit
from warren_cli.parser import build


def main() -> None:
    parser, _ = build()
    arguments = parser.parse_args()
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
    except CommandError as error:
        sys.stderr.write(f"warren: {error}\n")
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.stderr.write("warren: interrupted\n")
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:  # whom the output was for has seen enough
        os._exit(Exit.DONE)
    sys.exit(code)
