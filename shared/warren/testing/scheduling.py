"""How pytest-xdist spreads the tests over its processes: by what they start."""

from typing import Final

from xdist.scheduler import LoadFileScheduling

TOGETHER: Final = ("tests/e2e/",)
"""Folders that one process gets as a whole: each other one would start the whole suite, and browsers, once more."""


class ByServers(LoadFileScheduling):  # type: ignore[misc]  # xdist has annotations, but does not say so
    """Whole files, because their tests share programs; in the order of `testpaths`, in which long ones come first."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)
