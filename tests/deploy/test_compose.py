"""docker-compose.yml is the system of the design, safe to try out."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.settings import Settings


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, Any]:
    """Read the services of docker-compose.yml."""
    return dict(yaml.safe_load((root / "docker-compose.yml").read_text())["services"])


def ours(services: dict[str, Any]) -> dict[str, Any]:
    """Choose the services that run Tallygate itself."""
    return {name: service for name, service in services.items() if "build" in service}


def test_services_are_broker_store_topics_and_who_works(services: dict[str, Any]) -> None:
    """One broker, one store, the topics made once, two workers, and the projection."""
    assert set(services) == {"kafka", "redis", "topics", "worker-1", "worker-2", "projection"}


def test_workers_differ_in_name_and_wait_for_the_topics(services: dict[str, Any]) -> None:
    """Two workers under one name would fence each other off; without topics they refuse to start."""
    workers = [service for name, service in services.items() if name.startswith("worker-")]
    assert len({worker["environment"]["TALLYGATE_WORKER__NAME"] for worker in workers}) == 2
    assert [list(worker["depends_on"]) for worker in workers] == [["topics"], ["topics"]]


def test_settings_exist(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable given to our services is a setting, and its value is a fit one."""
    for service in ours(services).values():
        with monkeypatch.context() as patched:
            for name, value in service["environment"].items():
                assert name.removeprefix("TALLYGATE_").partition("__")[0].lower() in Settings.model_fields
                patched.setenv(name, value)
            assert Settings().kafka.brokers == "kafka:9092"


def test_secret_is_where_the_workers_look(root: Path) -> None:
    """The file that holds the consignee key's secret is mounted, and long enough."""
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    worker = compose["services"]["worker-1"]
    (name,) = worker["configs"]
    assert worker["environment"]["TALLYGATE_KEY__SECRET_FILE"] == f"/{name}"
    assert len(compose["configs"][name]["content"]) >= 16


def test_broker_is_the_one_tested(services: dict[str, Any], root: Path) -> None:
    """The image has the version of Kafka that the tests run against."""
    version = services["kafka"]["image"].rpartition(":")[2]
    assert f"<version>{version}</version>" in (root / "deploy/kafka/pom.xml").read_text()


def test_nothing_floats_and_nothing_is_open(services: dict[str, Any]) -> None:
    """Foreign images have a version, and ports are bound to this machine only."""
    foreign = [service for name, service in services.items() if name not in ours(services)]
    assert [service["image"] for service in foreign if ":" not in service["image"]] == []
    assert [port for service in foreign for port in service["ports"] if not port.startswith("127.0.0.1:")] == []


def test_waiting_is_for_something_that_can_come(services: dict[str, Any]) -> None:
    """Who is waited for until healthy has a health check."""
    waited = {
        name: condition
        for service in services.values()
        for name, condition in service.get("depends_on", {}).items()
        if condition["condition"] == "service_healthy"
    }
    assert waited.keys() == {name for name in waited if "healthcheck" in services[name]}


def test_image_holds_what_the_wheel_needs(root: Path) -> None:
    """Each path that the Dockerfile copies is in the tree and let through by .dockerignore."""
    lines = (root / "deploy/Dockerfile").read_text().splitlines()
    copied = {path for line in lines if line.startswith("COPY ") for path in line.split()[1:-1]}
    let_through = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
    assert [path for path in copied if not (root / path).exists()] == []
