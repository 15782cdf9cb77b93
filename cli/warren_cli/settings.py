"""Where the server is, and who asks: options of every command, or the environment."""

import os
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class CliSettings:
    """Each field is the environment variable `WARREN_…`. Plain, because pydantic takes longer to load than `--help`."""

    url: str = "http://127.0.0.1:8000"
    """Of the gateway; the default is where `make run` puts it."""
    api_key: str = ""
    """What the gateway knows the caller by, where it asks for keys."""

    @classmethod
    def from_environment(cls) -> "CliSettings":
        names = {field.name: f"WARREN_{field.name.upper()}" for field in fields(cls)}
        return cls(**{name: os.environ[variable] for name, variable in names.items() if os.environ.get(variable)})
