"""Ports that somebody else may hold."""

import psutil

from warren.embedded import port_is_free
from warren.errors import WarrenError
from warren_local.settings import LocalSettings


class PortBusy(WarrenError):
    """A port that the suite is to listen on is taken."""

    def __init__(self, port: int, setting: str) -> None:
        super().__init__(
            f"Port {port} is taken by {_owner(port)}; stop that, or choose another port: {setting}={port + 1} make run"
        )
        self.port = port
        self.setting = setting


def check(settings: LocalSettings) -> None:
    """Raises PortBusy."""
    if not port_is_free(settings.port, settings.host):
        raise PortBusy(settings.port, "WARREN_PORT")
    if settings.flower and not port_is_free(settings.flower_port):
        raise PortBusy(settings.flower_port, "WARREN_FLOWER_PORT")


def _owner(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            here = getattr(connection.laddr, "port", None) == port
            listens = here and connection.status == psutil.CONN_LISTEN
            if listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass  # only root may ask on some systems
    return "another program"
