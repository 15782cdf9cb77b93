"""What alerts and panels are made of is told by the suite's processes."""

import re
import urllib.request

import pytest

from ..manifests.observability import exposed, metrics
from .conftest import Suite

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def scrape(url: str) -> str:
    with DIRECT.open(url, timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def test_every_metric_that_a_panel_or_an_alert_names_is_exposed(suite: Suite) -> None:
    if suite.log is None:
        pytest.skip("needs the log of `make run`, which says where each process serves its metrics")
    urls = dict(re.findall(r"metrics of (\S+): (http\S+)", suite.log.read_text()))
    assert {"api", "gateway", "beat", "analyzer", "streams", "files", "digest", "clock"} <= urls.keys()
    texts = {name: scrape(url) for name, url in urls.items()}
    named = metrics("celery_", "warren_")
    assert len(named) > 25
    assert sorted(named - set().union(*map(exposed, texts.values()))) == []
    # The gateway serves people and runs no jobs.
    assert "celery_worker_up{" not in texts["api"]
    assert "celery_worker_tasks_active{" not in texts["api"]
