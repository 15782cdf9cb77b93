"""In a process of its own: the collector is everybody's."""

import subprocess
import sys

SCRIPT = """
import asyncio, gc, weakref
from warren import memory

class Node: pass

async def main():
    memory.settle()
    node = Node()
    node.itself = node
    gc.collect(0); gc.collect(1)  # it is old now: new objects alone would have to be four million
    cleaning = asyncio.create_task(memory.keep_clean(0.01))
    gone = asyncio.Event()
    weakref.finalize(node, gone.set)
    del node
    await asyncio.wait_for(gone.wait(), 60)
    cleaning.cancel()
    print("gone")

asyncio.run(main())
"""


def test_old_garbage_goes_without_waiting_for_many_new_objects() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["gone"]
