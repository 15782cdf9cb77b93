"""`python -m bench [name…]`: run benchmarks; without a name, all but those that take many minutes."""

import importlib
import pkgutil
import sys

import bench

PARTS = {"__main__", "glue", "harness", "lyrics", "noop", "server"}
"""Modules that serve the benchmarks and are none themselves."""
LONG = {"soak"}


def main() -> None:
    names = sorted({module.name for module in pkgutil.iter_modules(bench.__path__)} - PARTS)
    wanted = sys.argv[1:] or [name for name in names if name not in LONG]
    unknown = set(wanted) - set(names)
    if unknown:
        sys.exit(f"no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    for name in wanted:
        module = importlib.import_module(f"bench.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        module.main()


if __name__ == "__main__":
    main()
