"""Python's garbage collector in a process that lives long."""

import gc


def settle() -> None:
    """Take what was made at the start out of the collector's sight; call it before the work begins.

    It is never garbage, and to look through it took up to 0.2 seconds each time, in which nothing else happened.
    """
    gc.collect()
    gc.freeze()
