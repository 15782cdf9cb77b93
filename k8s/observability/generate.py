"""Writes what is made: Grafana's dashboards, and the PrometheusRule of rules/warren.yaml.

python k8s/observability/generate.py     # after a change here or there; a test says when it was forgotten
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RULES = HERE / "rules" / "warren.yaml"
MINIMUM = "warren-minimum"

GRAPH_WIDTH, STAT_WIDTH, HEIGHT, ROW_WIDTH = 12, 6, 8, 24
"""In Grafana's grid."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """`queries` are PromQL by legend (with `{{label}}`); `unit` is Grafana's name of one."""

    title: str
    description: str
    unit: str
    queries: Mapping[str, str]
    kind: str = "timeseries"

    @property
    def width(self) -> int:
        return STAT_WIDTH if self.kind == "stat" else GRAPH_WIDTH


@dataclass(frozen=True)
class Dashboard:
    """`variables` are label values to choose from: name → PromQL of `label_values`."""

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    variables: Mapping[str, str]


def rate(metric: str, by: str, selector: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{selector}[$__rate_interval]))"


def quantiles(metric: str, selector: str = "", *, by: str = "") -> dict[str, str]:
    """p50, p95 and p99 of a histogram."""
    legend, labels = (f" {{{{{by}}}}}", f"le, {by}") if by else ("", "le")
    buckets = f"sum by ({labels}) (rate({metric}_bucket{selector}[$__rate_interval]))"
    return {f"p{round(q * 100)}{legend}": f"histogram_quantile({q}, {buckets})" for q in (0.5, 0.95, 0.99)}


def stat(title: str, description: str, unit: str, query: str) -> Panel:
    return Panel(title, description, unit, {"": query}, "stat")


KIND = '{name=~"$kind"}'
QUEUE = '{queue=~"$queue"}'
KINDS = {"kind": "label_values(celery_task_received_total, name)"}
QUEUES = {"queue": "label_values(rabbitmq_detailed_queue_messages, queue)"}

OVERVIEW = Dashboard(
    "overview",
    "Warren: overview",
    "Is work accepted, done, and done in time?",
    (
        stat("Accepted", "Jobs that were handed to RabbitMQ, per second.", "ops", "sum(rate(celery_task_sent_total[5m]))"),
        stat("Running now", "Jobs in all workers at this moment.", "short", "sum(celery_worker_tasks_active)"),
        stat("Workers", "Worker processes that are up.", "short", "sum(celery_worker_up)"),
        stat(
            "Oldest unsent job", "Age of the oldest accepted job that RabbitMQ has not confirmed: more than some seconds "
            "means that RabbitMQ is away.", "s", "max(warren_jobs_unsent_oldest_age_seconds)",
        ),
        Panel("Accepted by kind", "Jobs handed to RabbitMQ.", "ops", {"{{name}}": rate("celery_task_sent_total", "name", KIND)}),
        Panel(
            "Ends", "How runs end: succeeded and failed are ends of jobs; retried, rejected and revoked are not failures.", "ops",
            {
                end: f"sum(rate(celery_task_{end}_total{KIND}[$__rate_interval]))"
                for end in ("succeeded", "failed", "retried", "rejected", "revoked")
            },
        ),
        Panel("Failure ratio", "Failed among ended jobs, over ten minutes. The alert is at 5 %.", "percentunit",
              {"{{name}}": f"warren:jobs_failed:ratio_rate10m{KIND}"}),
        Panel("Wait in the queue", "From being sent to being taken by a worker, all kinds chosen above together.", "s",
              quantiles("celery_task_queue_wait_seconds", KIND)),
        Panel("Runtime p50", "Half of the runs of a kind are shorter.", "s",
              {"{{name}}": quantiles("celery_task_runtime_seconds", KIND, by="name")["p50 {{name}}"]}),
        Panel("Runtime p95", "Every twentieth run of a kind is longer.", "s",
              {"{{name}}": quantiles("celery_task_runtime_seconds", KIND, by="name")["p95 {{name}}"]}),
        Panel("Runtime p99", "Every hundredth run of a kind is longer.", "s",
              {"{{name}}": quantiles("celery_task_runtime_seconds", KIND, by="name")["p99 {{name}}"]}),
        Panel("Runs of analysis code", "By how they ended in the sandbox.", "ops",
              {"{{outcome}}": rate("warren_sandbox_runs_total", "outcome")}),
    ),
    KINDS,
)  # fmt: skip

BROKER = Dashboard(
    "queues",
    "Warren: queues",
    "What waits in RabbitMQ, and who takes it.",
    (
        stat("Dead letters", "Messages set aside after four crashes: look with `warren dead list`.", "short",
             'sum(warren:queue_messages:max{queue=~".+\\\\.dead"}) or vector(0)'),
        stat("Nodes up", "Nodes of RabbitMQ that answer.", "short", 'sum(up{job="rabbitmq"})'),
        stat("Memory alarms", "Nodes that take no messages because memory is short.", "short",
             "sum(rabbitmq_alarms_memory_used_watermark)"),
        stat("Disk alarms", "Nodes that take no messages because the disk is full.", "short",
             "sum(rabbitmq_alarms_free_disk_space_watermark)"),
        Panel("Ready", "Messages that no worker has taken yet.", "short",
              {"{{queue}}": f"max by (queue) (rabbitmq_detailed_queue_messages_ready{QUEUE})"}),
        Panel("Unacknowledged", "Messages a worker has and has not finished: the jobs that run.", "short",
              {"{{queue}}": f"max by (queue) (rabbitmq_detailed_queue_messages_unacked{QUEUE})"}),
        Panel("Consumers", "Who takes from a queue; 0 where somebody should is an alert.", "short",
              {"{{queue}}": f"warren:queue_consumers:max{QUEUE}"}),
        Panel("Time to empty", "At the pace of the last five minutes. The alert is at 15 minutes.", "s",
              {"{{queue}}": f"warren:queue_drain_seconds{QUEUE}"}),
        Panel("Messages", "What the broker delivers, delivers again, and returns for want of a queue.", "ops", {
            "delivered": "sum(rate(rabbitmq_global_messages_delivered_total[$__rate_interval]))",
            "redelivered": "sum(rate(rabbitmq_global_messages_redelivered_total[$__rate_interval]))",
            "returned": "sum(rate(rabbitmq_global_messages_unroutable_returned_total[$__rate_interval]))",
        }),
    ),
    QUEUES,
)  # fmt: skip

STREAMS = Dashboard(
    "streams",
    "Warren: live streams",
    "Do words come while people speak?",
    (
        stat("Streams", "Live streams at this moment.", "short", "sum(warren_streams_active)"),
        stat("Workers", "Workers for live streams.", "short", 'warren:workers:up{service="transcriber-streams"}'),
        Panel("Lag of finals", "From an utterance's last sound arriving to its final words being told. The alert is at p95 > 3 s.",
              "s", quantiles("warren_stream_lag_seconds")),
        Panel("Real-time factor", "Seconds of work for one second of audio, by engine: above 1 in one process it cannot keep up.",
              "short", {"{{engine}}": f"{rate('warren_engine_seconds_total', 'engine')} / {rate('warren_audio_seconds_total', 'engine')}"}),
        Panel("Audio", "Seconds of audio that engines listened to, per second: streams and files.", "short",
              {"{{engine}}": rate("warren_audio_seconds_total", "engine")}),
        Panel("Utterances", "What was recognised, by kind.", "ops", {"{{kind}}": rate("warren_utterances_total", "kind")}),
        Panel("Trouble", "Recognition processes that ended by themselves, and audio that could not be decoded.", "ops", {
            "engine restarts": "sum(rate(warren_engine_restarts_total[$__rate_interval]))",
            "unreadable": "sum(rate(warren_audio_unreadable_total[$__rate_interval]))",
        }),
    ),
    {},
)  # fmt: skip

DIGEST = Dashboard(
    "digest",
    "Warren: digests and the model's cost",
    "What the language model is asked, what it costs, and what is done with it.",
    (
        stat("Cost in 24 h", "In the currency of the endpoint's prices.", "short", "sum(increase(warren_provider_cost_total[24h]))"),
        stat("Digests built in 24 h", "Jobs digest.build that succeeded.", "short",
             'sum(increase(celery_task_succeeded_total{name="digest.build"}[24h]))'),
        Panel("Requests to models", "By outcome; each retry is counted. The alert is at 10 % that are not ok.", "ops",
              {"{{provider}} {{outcome}}": rate("warren_provider_requests_total", "provider, outcome")}),
        Panel("Tokens", "Sent (prompt) and received (completion), per second.", "short",
              {"{{provider}} {{direction}}": rate("warren_provider_tokens_total", "provider, direction")}),
        Panel("Cost per hour", "At the present pace.", "short",
              {"{{provider}}": "sum by (provider) (rate(warren_provider_cost_total[1h])) * 3600"}),
        Panel("Refused by our own limits", "Requests that were not sent: the budget is spent or the turn would come too late.",
              "ops", {"{{reason}}": rate("warren_provider_denied_total", "reason")}),
        Panel("Remembered answers", "Questions that were looked up among earlier answers, by outcome.", "ops",
              {"{{outcome}}": rate("warren_provider_cache_total", "outcome")}),
        Panel("Digest jobs", "Ended jobs of the digest service.", "ops",
              {"{{name}}": rate("celery_task_succeeded_total", "name", '{name=~"digest\\\\..+"}')}),
    ),
    {},
)  # fmt: skip

GATEWAY = Dashboard(
    "gateway",
    "Warren: gateway",
    "What clients see.",
    (
        stat("Requests", "Per second, over five minutes.", "reqps", "sum(rate(warren_http_requests_total[5m]))"),
        stat("Errors", "Share of requests that end in a 5xx, over an hour. The objective is 0.5 %.", "percentunit",
             "warren:http_errors:ratio_rate1h"),
        stat("Open streams", "WebSockets and event streams on all replicas.", "short", "sum(warren_websocket_connections)"),
        stat("Unsent jobs", "Accepted and not yet confirmed by RabbitMQ.", "short", "max(warren_jobs_unsent)"),
        Panel("Requests by status", "All routes.", "reqps", {"{{status}}": rate("warren_http_requests_total", "status")}),
        Panel("Duration", "To the end of the answer, of the routes chosen above.", "s",
              quantiles("warren_http_request_duration_seconds", '{route=~"$route"}')),
        Panel("Slowest routes", "p95 by route, the ten slowest.", "s", {"{{route}}": "topk(10, histogram_quantile(0.95, "
              "sum by (le, route) (rate(warren_http_request_duration_seconds_bucket[$__rate_interval]))))"}),
        Panel("Events to their watchers", "From the worker to the gateway whose client watches.", "s",
              quantiles("warren_event_delivery_seconds")),
        Panel("Repeated events", "Events that were ignored because they were recorded before, or came from a run that is over.",
              "ops", {"ignored": "sum(rate(warren_events_duplicate_total[$__rate_interval]))"}),
        Panel("Versions", "Processes by service and version: two versions mean that a rollout is under way.", "short",
              {"{{service}} {{version}}": "count by (service, version) (warren_build_info)"}),
    ),
    {"route": "label_values(warren_http_requests_total, route)"},
)  # fmt: skip

REGIONS = Dashboard(
    "regions",
    "Warren: regions",
    "How far the replicas are behind. Choose the replica region's data source.",
    (
        stat("Links that run", "Federation links to the primary region (rabbitmq_federation_prometheus).", "short",
             'sum(rabbitmq_federation_links{status="running"})'),
        stat("Links that do not", "While it is above 0 the replica falls behind.", "short",
             'sum(rabbitmq_federation_links{status!="running"}) or vector(0)'),
        Panel("Kept for a promotion", "Messages in the bounded replica queues: copies of the newest jobs of the primary.", "short",
              {"{{queue}}": 'max by (queue) (rabbitmq_detailed_queue_messages{queue=~"replica\\\\..+"})'}),
        Panel("Growth", "Change of these queues per second; 0 at the bound, or when nothing arrives.", "short",
              {"{{queue}}": 'max by (queue) (deriv(rabbitmq_detailed_queue_messages{queue=~"replica\\\\..+"}[5m]))'}),
    ),
    {},
)  # fmt: skip

DASHBOARDS = (OVERVIEW, BROKER, STREAMS, DIGEST, GATEWAY, REGIONS)


def dashboard(board: Dashboard) -> dict[str, Any]:
    """As Grafana reads it. Panels carry no ids: Grafana gives them."""
    return {
        "uid": f"warren-{board.name}",
        "title": board.title,
        "description": board.description,
        "tags": ["warren"],
        "schemaVersion": 41,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "links": [{"type": "dashboards", "title": "Warren", "tags": ["warren"], "asDropdown": True}],
        "templating": {"list": [_source(), *(_variable(name, query) for name, query in board.variables.items())]},
        "panels": _placed(board.panels),
    }


def _source() -> dict[str, Any]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _placed(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """One after the other, in rows of 24 columns."""
    placed: list[dict[str, Any]] = []
    x = y = 0
    for panel in panels:
        if x + panel.width > ROW_WIDTH:
            x, y = 0, y + HEIGHT
        placed.append(_panel(panel) | {"gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT}})
        x += panel.width
    return placed


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": query, "legendFormat": legend, "datasource": DATASOURCE}
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def prometheus_rules() -> list[dict[str, Any]]:
    """What the Prometheus operator reads. The minimum is an object of its own, for overlays to replace."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    apart = [group for group in groups if group["name"] == MINIMUM]
    return [
        _rule("warren", [group for group in groups if group not in apart]),
        _rule(MINIMUM, apart),
    ]


def _rule(name: str, groups: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name},
        "spec": {"groups": groups},
    }


def files() -> dict[Path, str]:
    """Everything this writes."""
    made = {
        HERE / "dashboards" / f"{board.name}.json": json.dumps(dashboard(board), indent=2) + "\n"
        for board in DASHBOARDS
    }
    rule = yaml.safe_dump_all(prometheus_rules(), sort_keys=False, width=120)
    return {**made, HERE / "prometheusrule.yaml": f"# Made of rules/warren.yaml by generate.py.\n{rule}"}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, "utf-8")
