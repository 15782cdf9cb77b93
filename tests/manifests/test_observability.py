"""Alerts that fire and are silent when they should, and dashboards that are what their table says."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .observability import ALERTS, DASHBOARDS, FOLDER, PANELS, RULES, RUNBOOKS, metrics

CASES = sorted((FOLDER / "tests").glob("*.yml"))


def alert_cases() -> list[dict[str, Any]]:
    tests = [test for path in CASES for test in yaml.safe_load(path.read_text("utf-8"))["tests"]]
    return [case for test in tests for case in test["alert_rule_test"]]


def test_what_is_made_of_the_tables_is_current() -> None:
    made: dict[Path, str] = runpy.run_path(str(FOLDER / "generate.py"))["files"]()
    assert [path.name for path, text in made.items() if path.read_text("utf-8") != text] == []
    assert {path.stem for path in made} >= DASHBOARDS.keys()


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_promtool_finds_the_alerts_as_they_should_be(cases: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    command = [promtool, "test", "rules", cases.name]
    run = subprocess.run(command, cwd=cases.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_case_that_fires_and_one_that_is_silent(alert: str) -> None:
    fires = {bool(case["exp_alerts"]) for case in alert_cases() if case["alertname"] == alert}
    assert fires == {True, False}


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert {rule["annotations"]["runbook"] for rule in ALERTS.values()} == {f"docs/runbooks/{a}.md" for a in ALERTS}
    assert {path.stem for path in RUNBOOKS.glob("Warren*.md")} == ALERTS.keys()
    assert all(rule["labels"]["severity"] in {"critical", "warning"} and rule["for"] for rule in ALERTS.values())


@pytest.mark.parametrize("page", sorted(ALERTS))
def test_a_page_says_what_it_means_how_to_look_and_what_to_do(page: str) -> None:
    text = (RUNBOOKS / f"{page}.md").read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["What it means", "How to look", "What to do"]
    assert text.startswith(f"# {page}\n")


def test_what_is_computed_beforehand_is_there() -> None:
    assert metrics("warren:") <= {rule["record"] for rule in RULES if "record" in rule}


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_panel_explains_itself(board: str, panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert "id" not in panel
    used = set(re.findall(r"\$(\w+)", " ".join(target["expr"] for target in panel["targets"])))
    known = {variable["name"] for variable in DASHBOARDS[board]["templating"]["list"]}
    assert used - {"__rate_interval"} <= known
    assert all(target["expr"].count("(") == target["expr"].count(")") for target in panel["targets"])


def test_panels_do_not_lie_on_each_other() -> None:
    for board in DASHBOARDS.values():
        cells = [
            (x, y)
            for grid in (panel["gridPos"] for panel in board["panels"])
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24
