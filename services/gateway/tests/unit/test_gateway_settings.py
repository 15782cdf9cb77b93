"""The gateway's settings."""

import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings


@pytest.mark.parametrize(
    ("name", "value", "setting", "expected"),
    [
        ("SESSION_EXPIRE_SECONDS", "60", "session_expire_seconds", 60),
        ("WARREN_SESSION_EXPIRE_SECONDS", "60", "session_expire_seconds", 60),
        ("HOST", "localhost", "host", "localhost"),
        ("PORT", "9000", "port", 9000),
        ("APP_PORT", "9001", "port", 9001),
        ("WARREN_PORT", "9002", "port", 9002),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("WARREN_CORS_ORIGINS", '["https://a.example"]', "cors_origins", ["https://a.example"]),
        ("WARREN_INLINE", "true", "inline", True),
    ],
)
def test_settings_have_their_own_and_their_earlier_names(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, setting: str, expected: object
) -> None:
    monkeypatch.setenv(name, value)

    assert getattr(GatewaySettings(), setting) == expected


def test_the_present_name_wins_over_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WARREN_PORT", "1"), ("PORT", "2"), ("APP_PORT", "3")):
        monkeypatch.setenv(name, value)

    assert GatewaySettings().port == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "warren.example"])
def test_listening_to_others_without_keys_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("WARREN_HOST", host)
    monkeypatch.setenv("WARREN_DATABASE_URL", "postgresql+asyncpg://u:hunter2@h/d")

    with pytest.raises(ValidationError, match="WARREN_AUTH=keys") as refused:
        GatewaySettings()
    assert "hunter2" not in str(refused.value)


def test_listening_to_others_with_keys_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARREN_HOST", "0.0.0.0")
    monkeypatch.setenv("WARREN_AUTH", "keys")

    assert GatewaySettings().host == "0.0.0.0"


def test_a_laptop_listens_to_itself_only() -> None:
    assert GatewaySettings().host == "127.0.0.1"
    assert GatewaySettings().auth == "off"


@pytest.mark.parametrize(("name", "value"), [("AUTH", "maybe"), ("PORT", "70000"), ("SESSION_EXPIRE_SECONDS", "0")])
def test_a_value_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"WARREN_{name}", value)

    with pytest.raises(ValidationError, match=f"(?i){name}"):
        GatewaySettings()
