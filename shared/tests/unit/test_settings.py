"""Settings come from the environment, under their own names and those of earlier systems, or from files."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from warren.settings import PREFIX, Settings


def test_a_setting_is_an_environment_variable_with_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARREN_WORKER_CONCURRENCY", "3")

    assert Settings().worker_concurrency == 3


def test_the_earlier_name_of_the_log_level_works_and_the_new_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert Settings().log_level == "debug"

    monkeypatch.setenv("WARREN_LOG_LEVEL", "ERROR")
    assert Settings().log_level == "ERROR"


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("amqp://warren:pa%ss@broker/\n")
    monkeypatch.setenv("WARREN_BROKER_URL_FILE", str(tmp_path / "broker"))

    assert Settings().broker_url == SecretStr("amqp://warren:pa%ss@broker/")


def test_a_setting_with_earlier_names_may_stand_in_a_file_under_any_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "level").write_text("warning")
    monkeypatch.setenv("LOG_LEVEL_FILE", str(tmp_path / "level"))

    assert Settings().log_level == "warning"


def test_the_environment_wins_over_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("amqp://file/")
    monkeypatch.setenv("WARREN_BROKER_URL_FILE", str(tmp_path / "broker"))
    monkeypatch.setenv("WARREN_BROKER_URL", "amqp://environment/")

    assert Settings().broker_url == SecretStr("amqp://environment/")


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WARREN_DATABASE_URL_FILE", str(tmp_path / "absent"))

    with pytest.raises(FileNotFoundError, match="absent"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOG_LEVEL", "LOUD"), ("LOG_FORMAT", "xml"), ("WORKER_CONCURRENCY", "0"), ("METRICS_PORT", "70000")],
)
def test_a_value_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name, value)

    with pytest.raises(ValidationError, match=f"(?i){name}"):
        Settings()


def test_errors_and_texts_of_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict(Settings):
        broker_url: SecretStr = SecretStr("")
        token: int = 0

    monkeypatch.setenv("WARREN_BROKER_URL", "amqp://warren:hunter2@broker/")
    assert "hunter2" not in repr(Strict()) + str(Strict().model_dump())

    monkeypatch.setenv("WARREN_TOKEN", "hunter2")
    with pytest.raises(ValidationError) as refused:
        Strict()
    assert "hunter2" not in str(refused.value)
