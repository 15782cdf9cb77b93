"""The table of processes."""

import pytest

from warren_local import plan
from warren_local.settings import LocalSettings


def test_workers_report_on_ports_of_their_own() -> None:
    children = {child.name: child for child in plan.processes(LocalSettings(port=8123), {"A": "b"})}
    ports = [children[name].environment["WARREN_METRICS_PORT"] for name in ("gateway", "analyzer")]
    assert len(set(ports)) == 2
    assert children["analyzer"].ready_url == f"http://127.0.0.1:{ports[1]}/health/ready"
    assert children["analyzer"].environment["A"] == "b"


def test_the_api_is_asked_where_it_listens() -> None:
    children = {child.name: child for child in plan.processes(LocalSettings(port=8123), {})}
    assert children["api"].ready_url == "http://127.0.0.1:8123/health/ready"


def test_everything_that_has_metrics_is_named_with_its_address() -> None:
    children = list(plan.processes(LocalSettings(port=8123), {}))
    addresses = plan.metrics_urls(children)
    port = next(child.environment["WARREN_METRICS_PORT"] for child in children if child.name == "analyzer")
    names = {"api", "gateway", "beat", "analyzer", "analyzer-bulk", "streams", "files", "digest", "clock"}
    assert addresses.keys() == names
    assert addresses["api"] == "http://127.0.0.1:8123/metrics"
    assert addresses["analyzer"] == f"http://127.0.0.1:{port}/metrics"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("box.lan", "http://box.lan:8000"),
    ],
)
def test_the_printed_url_can_be_opened_on_this_machine(host: str, url: str) -> None:
    assert plan.public_url(LocalSettings(host=host, auth="keys")) == url


def test_flower_runs_only_if_asked() -> None:
    assert "flower" not in {child.name for child in plan.processes(LocalSettings(), {})}
    assert "flower" in {child.name for child in plan.processes(LocalSettings(flower=True), {})}
