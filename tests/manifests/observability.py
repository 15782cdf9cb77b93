"""The rules and dashboards as the tests read them."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "k8s" / "observability"
RUNBOOKS = ROOT / "docs" / "runbooks"
GROUPS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules" / "warren.yaml").read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
DASHBOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in (FOLDER / "dashboards").glob("*.json")}
PANELS = [(name, panel) for name, board in DASHBOARDS.items() for panel in board["panels"]]
METRIC = re.compile(r"\b(?:celery|warren|rabbitmq|kube)[_:][a-zA-Z0-9_:]+")


def expressions() -> list[str]:
    """All PromQL there is."""
    variables = [v["query"]["query"] for b in DASHBOARDS.values() for v in b["templating"]["list"] if "datasource" in v]
    targets = [target["expr"] for _, panel in PANELS for target in panel["targets"]]
    return [*(rule["expr"] for rule in RULES), *targets, *variables]


def metrics(*prefixes: str) -> set[str]:
    """Names of metrics that rules and dashboards use."""
    named = {name for expression in expressions() for name in METRIC.findall(re.sub(r'"[^"]*"', "", expression))}
    return {name for name in named if name.startswith(prefixes)}


def exposed(text: str) -> set[str]:
    """Names that a process tells of in Prometheus's text format, those without a value yet too."""
    found: set[str] = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        found |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return found
