"""k8s/ and compose.yaml deploy the same suite, and everything in k8s/ fits the code and renders."""

import re
import runpy
import shutil
import subprocess
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from warren import topology

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
Environment = dict[str, str | None]
"""Name → value; None where it holds a password."""

ONLY_K8S = {
    "WARREN_HEARTBEAT_FILE": "for the liveness probe; compose restarts nothing that hangs",
}
ANOTHER_VALUE = {
    "WARREN_AUTH": "a laptop asks for no keys, a cluster does",
    "WARREN_PRIVATE_NETWORK": "as above",
}


def documents(path: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all((K8S / path).read_text("utf-8")) if document]


def cluster_processes() -> dict[str, Environment]:
    """Command → what its process is told, in k8s/base."""
    maps = {
        entry["name"]: dict(literal.split("=", 1) for literal in entry["literals"])
        for entry in documents("base/kustomization.yaml")[0]["configMapGenerator"]
    }
    found: dict[str, Environment] = {}
    for path in K8S.glob("base/*/*.yaml"):
        for document in documents(str(path.relative_to(K8S))):
            if document["kind"] == "Deployment":
                [container] = document["spec"]["template"]["spec"]["containers"]
                told: Environment = {}
                for source in container["envFrom"]:
                    told |= maps[source["configMapRef"]["name"]]
                told |= {each["name"]: _public(each.get("value")) for each in container["env"]}
                found[" ".join(container["args"])] = told
    return found


def compose_processes() -> dict[str, Environment]:
    """The same of compose.yaml."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    programs = {entry.name for entry in entry_points(group="console_scripts")}
    return {
        " ".join(service["command"]): {name: _public(value) for name, value in service["environment"].items()}
        for service in services.values()
        if isinstance(service.get("command"), list)
        and service["command"][0] in programs
        and service["command"][-1] in {"api", "worker", "beat"}
    }


def _public(value: str | None) -> str | None:
    """A value without the variables that compose lets a user set; None if a password is in it."""
    if value is None or "PASSWORD" in value:
        return None
    plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))
    return None if "://" in plain and "@" in plain else plain


def test_compose_and_kubernetes_run_the_same_processes() -> None:
    assert cluster_processes().keys() == compose_processes().keys()
    assert len(cluster_processes()) > 8


@pytest.mark.parametrize("command", sorted(compose_processes()))
def test_compose_and_kubernetes_tell_a_process_the_same(command: str) -> None:
    here, there = compose_processes()[command], cluster_processes()[command]
    there = {name: value for name, value in there.items() if name.startswith(("WARREN_", "FORWARDED_"))}
    assert there.keys() - here.keys() == ONLY_K8S.keys()
    assert here.keys() - there.keys() == set()
    differing = {name for name, value in here.items() if value and there[name] and value != there[name]}
    assert differing <= ANOTHER_VALUE.keys()


def test_every_job_queue_is_scaled_by_and_copied_to_a_region() -> None:
    scaled = {
        trigger["metadata"]["queueName"]
        for scaler in documents("components/autoscaling-keda/scaledobjects.yaml")
        for trigger in scaler["spec"]["triggers"]
        if trigger["type"] == "rabbitmq"
    }
    assert scaled == set(topology.JOB_QUEUES) - {"gateway"}, "the gateway's own few jobs need one worker"
    federation = documents("components/replica-region/federation.yaml")
    bound = {
        each["spec"]["routingKey"]: each["spec"]["destination"] for each in federation if each["kind"] == "Binding"
    }
    assert bound == {queue: f"replica.{queue}" for queue in topology.JOB_QUEUES}
    shovels = documents("components/replica-region/promotion/shovels.yaml")
    handed = {each["spec"]["srcQueue"]: each["spec"]["destExchangeKey"] for each in shovels}
    assert handed == {f"replica.{queue}": queue for queue in topology.JOB_QUEUES}


def test_every_service_has_its_workers_watched() -> None:
    services = {entry.name for entry in entry_points(group="warren.services")}
    groups = documents("observability/rules/warren.yaml")[0]["groups"]
    [everywhere] = [group for group in groups if group["name"] == "warren-minimum"]
    patch = yaml.safe_load((K8S / "components" / "autoscaling-keda" / "minimum.yaml").read_text("utf-8"))
    for rules in (everywhere["rules"], patch[0]["value"]):
        assert {rule["labels"]["service"] for rule in rules} == services


def test_rabbitmqs_users_are_those_of_the_code() -> None:
    made = runpy.run_path(str(K8S / "platform" / "rabbitmq" / "generate.py"))
    assert made["USERS"].read_text("utf-8") == made["text"]()


def test_postgresqls_roles_may_do_the_same_as_with_compose() -> None:
    compose = (ROOT / "deploy" / "postgres" / "grants.sql").read_text("utf-8")
    statements = re.findall(r"^(?:GRANT|CREATE SCHEMA|ALTER DEFAULT|REVOKE) [^;\n]+;$", compose, re.MULTILINE)
    [cluster] = documents("platform/postgres/cluster.yaml")
    there = cluster["spec"]["bootstrap"]["initdb"]["postInitApplicationSQL"]
    assert len(statements) > 8
    assert sorted(statement.rstrip(";") for statement in statements if statement.rstrip(";") not in there) == []


def test_every_image_has_a_dockerfile() -> None:
    images = {image["name"] for image in documents("base/kustomization.yaml")[0]["images"]}
    assert {
        name for name in images if not (ROOT / "services" / name.removeprefix("warren-") / "Dockerfile").exists()
    } == set()


SOME = [
    ("rabbitmq", ("monitoring", "flower", "autoscaling-keda", "replica-region")),
    ("rabbitmq", ("external-secrets", "network-policies", "autoscaling-hpa", "replica-region/promotion")),
    ("rabbitmq-statefulset", ()),
]
"""`make manifests` renders all, which takes a minute."""


@pytest.fixture(scope="module")
def combinations() -> dict[str, Any]:
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    run = subprocess.run(["kubectl", "kustomize", K8S / "base"], capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip(f"needs a newer kubectl: {run.stderr[:200]}")
    return runpy.run_path(str(K8S / "combinations.py"))


@pytest.mark.parametrize(("server", "components"), SOME)
def test_components_combine(combinations: dict[str, Any], server: str, components: tuple[str, ...]) -> None:
    assert (server, components) in combinations["combinations"]()
    rendered = list(yaml.safe_load_all(combinations["render_combination"]((server, components))))
    kinds = {each["kind"] for each in rendered}
    assert {"Deployment", "Service", "PodDisruptionBudget"} <= kinds
    assert ("StatefulSet" in kinds) == (server == "rabbitmq-statefulset")


def test_the_standbys_run_nothing_and_the_primary_everything(combinations: dict[str, Any]) -> None:
    def scaled(overlay: str) -> set[str | None]:
        rendered = yaml.safe_load_all(combinations["render"](K8S / "overlays" / overlay))
        return {
            each["metadata"]["annotations"].get("autoscaling.keda.sh/paused-replicas")
            for each in rendered
            if each["kind"] == "ScaledObject"
        }

    assert scaled("eu") == {"0"}
    assert scaled("us-east") == {None}
