"""What the service's processes load."""

import subprocess
import sys


def test_the_worker_leaves_heavy_libraries_to_its_child() -> None:
    """They would take seconds to start with and 150 MB, in the worker and again in Beat."""
    code = "import sys, digest.cli; print(*{'sklearn', 'scipy', 'pandas', 'numpy'}.intersection(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
