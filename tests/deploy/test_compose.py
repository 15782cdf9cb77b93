"""The files that `make up` reads: what runs, hardened how, and with which secrets."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from warren_local import plan

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
PUBLIC = {"rabbitmq": "rabbitmq", "postgres": "postgres"}
"""Images of others that would start as root but need not: the user they are given."""
NOT_ROOT_ALREADY = {"prometheus", "grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_held(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    if "build" in service:
        dockerfile = (ROOT / service["build"]["dockerfile"]).read_text("utf-8")
        assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001:10001"]
    else:
        assert service.get("user") == PUBLIC.get(name)
        assert name in PUBLIC.keys() | NOT_ROOT_ALREADY


def test_every_process_of_make_run_has_a_container() -> None:
    commands = {" ".join(each["command"]) for each in SERVICES.values() if "command" in each}

    assert commands >= {line.command for line in plan.PROCESSES}
    steps = [
        line.command.replace("warren ", "python -m warren.cli ") for steps in plan.SET_UP.values() for line in steps
    ]
    assert [step for step in steps if not any(step in command for command in commands)] == []


def test_prometheus_asks_every_process() -> None:
    config = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8")
    jobs = {job["job_name"]: job for job in yaml.safe_load(config)["scrape_configs"]}
    asked = {name for job in jobs.values() for each in job.get("dns_sd_configs", []) for name in each["names"]}
    ours = {name for name, each in SERVICES.items() if " ".join(each.get("command", [])) in _commands()}

    assert asked == ours


def test_no_secret_has_a_default() -> None:
    secrets = set(re.findall(r"\$\{(\w*PASSWORD)", TEXT))

    assert len(secrets) >= 12
    assert secrets <= EXAMPLE.keys()
    assert {name: EXAMPLE[name] for name in secrets if EXAMPLE[name]} == {}
    assert re.findall(r"\$\{\w*PASSWORD:?-[^}]", TEXT) == []


def test_only_this_machine_reaches_what_is_published() -> None:
    published = [port for each in SERVICES.values() for port in each.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_random_passwords_are_made_once_and_kept(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "compose").mkdir(parents=True)
    script = tmp_path / "deploy" / "compose" / "env.sh"
    script.write_text((ROOT / "deploy" / "compose" / "env.sh").read_text("utf-8"))
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text("utf-8"))

    def made() -> dict[str, str]:
        subprocess.run(["sh", str(script)], check=True, capture_output=True, timeout=60)
        return dict(re.findall(r"^([A-Z_]+)=(.*)$", (tmp_path / ".env").read_text("utf-8"), re.MULTILINE))

    first = made()
    passwords = [value for name, value in first.items() if name.endswith("PASSWORD")]
    assert len(passwords) == len(set(passwords)) >= 12
    assert all(len(password) == 48 for password in passwords)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert made() == first


def _commands() -> set[str]:
    return {line.command for line in plan.PROCESSES}
