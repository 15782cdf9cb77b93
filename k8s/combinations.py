"""`make manifests`: renders every overlay, and every combination of servers and components that makes sense.

Needs kubectl, whose kustomize is version 5 or newer.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

K8S = Path(__file__).parent
SERVERS = ("rabbitmq", "rabbitmq-statefulset")
SCALERS = (None, "autoscaling-keda", "autoscaling-hpa")
"""One at most: two would undo each other."""
STANDBY = (None, "replica-region", "replica-region/promotion")
"""A standby needs a scaler, whose objects it changes."""
OTHERS = ("external-secrets", "monitoring", "network-policies", "flower")

Combination = tuple[str, tuple[str, ...]]
"""The platform of RabbitMQ, and components in the order that README.md asks for."""


def combinations() -> Iterator[Combination]:
    """All that make sense."""
    for server, scaler, standby in itertools.product(SERVERS, SCALERS, STANDBY):
        if standby == "replica-region" and scaler is None:
            continue
        for size in range(len(OTHERS) + 1):
            for others in itertools.combinations(OTHERS, size):
                yield server, (*others, *(part for part in (scaler, standby) if part))


def overlays() -> list[Path]:
    return sorted(path.parent for path in K8S.glob("overlays/*/kustomization.yaml"))


def render(folder: Path) -> str:
    """The objects of a kustomization, as YAML. Raises CalledProcessError, whose `stderr` says what is wrong."""
    return subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout


def render_combination(combination: Combination) -> str:
    """As `render`, of an overlay that is made for it."""
    server, components = combination
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()

        def beside(path: str) -> str:
            return os.path.relpath(K8S.resolve() / path, home)

        resources = [beside("base"), beside(f"platform/{server}"), beside("platform/postgres")]
        lines = [
            "apiVersion: kustomize.config.k8s.io/v1beta1",
            "kind: Kustomization",
            f"resources: [{', '.join(resources)}]",
            f"components: [{', '.join(beside(f'components/{name}') for name in components)}]",
        ]
        (home / "kustomization.yaml").write_text("\n".join(lines) + "\n", "utf-8")
        return render(home)


def main() -> int:
    wanted = [*((path.name, lambda path=path: render(path)) for path in overlays())]
    wanted += [
        (" + ".join((server, *parts)), lambda both=(server, parts): render_combination(both))
        for server, parts in combinations()
    ]
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, rendering in [(name, pool.submit(work)) for name, work in wanted]:
            try:
                rendering.result()
            except subprocess.CalledProcessError as error:
                failed += 1
                print(f"{name}: {error.stderr.strip()}", file=sys.stderr)
    print(f"{len(wanted) - failed} of {len(wanted)} render")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
