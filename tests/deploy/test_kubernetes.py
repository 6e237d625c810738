"""What the overlays render to is valid Kubernetes, and fits the product: settings, ports, roles, topics, grace."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
import pytest

from agents.ops.access.roles import principal, read_roles
from agents.settings.settings import Settings
from agents.worker.engine_metrics import ENGINE
from agents.worker.supervisor import STOP_SECONDS
from stream.topics import Topics
from tests.deploy.kustomize import Resource, render
from tests.prerequisites import ROOT

OVERLAYS = ("dev", "production")
VERSIONS = ("1.31.0", "1.37.0")
"""The oldest version that this is for, and the newest that there are schemas of."""
CUSTOM = {"KafkaTopic", "KafkaUser", "ScaledObject", "PodMonitor"}
PORTS = {"supervisor": "supervisor", **dict.fromkeys(("manifest", "withholding", "projection", "webhooks"), "metrics")}


@cache
def rendered(overlay: str) -> list[Resource]:
    """The resources of an overlay."""
    return render(ROOT / "deploy" / "kubernetes" / "overlays" / overlay)


def of_kind(overlay: str, *kinds: str) -> list[Resource]:
    """The resources of some kinds."""
    return [resource for resource in rendered(overlay) if resource["kind"] in kinds]


def pods(overlay: str) -> Iterator[tuple[str, Resource, Resource, Resource]]:
    """Name, workload, pod and container of everything that runs."""
    for workload in of_kind(overlay, "StatefulSet", "Deployment"):
        pod = workload["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        yield workload["metadata"]["name"].removeprefix("tallygate-"), workload, pod, container


def environment(overlay: str, container: Resource) -> dict[str, str]:
    """What a container's process finds in its environment."""
    (shared,) = of_kind(overlay, "ConfigMap")
    assert container["envFrom"] == [{"configMapRef": {"name": shared["metadata"]["name"]}}]
    shared_data: dict[str, str] = shared["data"]
    return shared_data | {each["name"]: each.get("value", "a-name") for each in container["env"]}


def selects(selector: dict[str, str], workload: Resource) -> bool:
    """Whether labels choose the pods of a workload."""
    return bool(selector.items() <= workload["spec"]["template"]["metadata"]["labels"].items())


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("version", VERSIONS)
def test_resources_are_valid(overlay: str, version: str) -> None:
    """Each resource of Kubernetes' own kinds fits its schema strictly, and has the overlay's namespace."""
    for resource in rendered(overlay):
        if resource["kind"] not in CUSTOM:
            kubernetes_validate.validate(resource, version, strict=True)
    assert len({resource["metadata"]["namespace"] for resource in rendered(overlay)}) == 1


def test_validation_refuses_a_misspelt_field() -> None:
    """The check above complains about a field that Kubernetes does not know."""
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "dada": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_processes_accept_their_environment(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each container's variables are settings with fit values, its ports those that the settings mean."""
    for name, _workload, _pod, container in pods(overlay):
        with monkeypatch.context() as patched:
            for variable, value in environment(overlay, container).items():
                patched.setenv(variable, value)
            settings = Settings()
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        wanted = {"https": settings.gateway.port}
        if name != "gateway":
            processes = (name, "supervisor") if "supervisor" in ports else (name,)
            wanted = {PORTS[process]: settings.metrics.port_of(process) or 0 for process in processes}
        assert ports == wanted
        assert {container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")} == set(ports)
        assert settings.kafka.username == principal(settings.kafka.topics(), name)
        assert name in container["args"]
        assert name in read_roles()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_have_no_right_that_they_do_not_need(overlay: str) -> None:
    """No container is root, writes elsewhere than into scratch, gains a capability, or has a token of the cluster."""
    for name, _workload, pod, container in pods(overlay):
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
        }  # fmt: skip
        assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
        assert "memory" in container["resources"]["limits"]
        writable = [each["name"] for each in container["volumeMounts"] if not each.get("readOnly")]
        assert writable == ["scratch"]
        assert pod["terminationGracePeriodSeconds"] > STOP_SECONDS


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_files_that_are_mounted(overlay: str) -> None:
    """Each file that a variable names lies below a mount, each mount has its volume, each volume is mounted."""
    for _name, _workload, pod, container in pods(overlay):
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert set(mounts) == {volume["name"] for volume in pod["volumes"]}
        files = [value for value in environment(overlay, container).values() if value.startswith("/")]
        assert [file for file in files if not file.startswith(tuple(f"{path}/" for path in mounts.values()))] == []


def test_secrets_are_documented() -> None:
    """docs/deploying.md names each secret that somebody has to make."""
    wanted = {
        volume["secret"]["secretName"]
        for overlay in OVERLAYS
        for _name, _workload, pod, _container in pods(overlay)
        for volume in pod["volumes"]
        if "secret" in volume
    }
    page = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    assert {name for name in wanted if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_running_is_covered(overlay: str) -> None:
    """Each workload has a disruption budget and is cut off by default; every selector finds somebody."""
    workloads = [workload for _name, workload, _pod, _container in pods(overlay)]
    budgets = [each["spec"]["selector"]["matchLabels"] for each in of_kind(overlay, "PodDisruptionBudget")]
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(overlay, "NetworkPolicy")}
    services = [each["spec"]["selector"] for each in of_kind(overlay, "Service")]
    closed = policies["tallygate-nothing-else"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    for workload in workloads:
        assert sum(selects(selector, workload) for selector in budgets) == 1
        assert selects(closed["podSelector"]["matchLabels"], workload)
    for selector in [*budgets, *services, *(policy["podSelector"]["matchLabels"] for policy in policies.values())]:
        assert any(selects(selector, workload) for workload in workloads)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_topics_and_users_are_whole(overlay: str) -> None:
    """An overlay brings every topic with one partition count, and a user for every role."""
    topics = of_kind(overlay, "KafkaTopic")
    assert {each["spec"]["topicName"] for each in topics} == {plan.name for plan in Topics().plans()}
    assert len({each["spec"]["partitions"] for each in topics}) == 1
    users = {each["metadata"]["name"] for each in of_kind(overlay, "KafkaUser")}
    assert users == {principal(Topics(), role) for role in read_roles()}


def test_workers_scale_by_lag_up_to_the_partitions() -> None:
    """Both steps scale on a metric that workers show, between two and the partition count, which KEDA alone sets."""
    partitions = of_kind("production", "KafkaTopic")[0]["spec"]["partitions"]
    scaled = {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in of_kind("production", "ScaledObject")}
    workers = {each["metadata"]["name"]: each["spec"] for each in of_kind("production", "StatefulSet")}
    assert set(scaled) == set(workers)
    shown = {metric.name: metric.label_names for metric in ENGINE.metrics}
    for name, spec in scaled.items():
        assert 2 <= spec["minReplicaCount"] == spec["fallback"]["replicas"] <= spec["maxReplicaCount"] == partitions
        assert "replicas" not in workers[name]
        (trigger,) = spec["triggers"]
        query = re.fullmatch(r'sum\((\w+)\{job="tallygate", step="(\w+)"\}\)', trigger["metadata"]["query"])
        assert query is not None
        assert "step" in shown[query[1]]
        assert name == f"tallygate-{query[2]}"


def test_monitor_gives_the_labels_that_rules_select_by() -> None:
    """Prometheus is told every port, with the job's name and the process."""
    (monitor,) = of_kind("production", "PodMonitor")
    endpoints: list[dict[str, Any]] = monitor["spec"]["podMetricsEndpoints"]
    ports = {port["name"] for *_rest, container in pods("production") for port in container["ports"]}
    assert {each["port"] for each in endpoints} == ports
    for each in endpoints:
        assert {rule["targetLabel"] for rule in each["relabelings"]} == {"job", "process"}
        assert {"targetLabel": "job", "replacement": "tallygate"} in each["relabelings"]
