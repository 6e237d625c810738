"""docker-compose.yml is the system of the design, safe to try out."""

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.ops.access.rendering import redis_users
from agents.settings.metrics_group import MetricsSettings
from agents.settings.settings import Settings
from stream.topics import Topics


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, Any]:
    """Read the services of docker-compose.yml."""
    return dict(yaml.safe_load((root / "docker-compose.yml").read_text())["services"])


def ours(services: dict[str, Any]) -> dict[str, Any]:
    """Choose the services that run Tallygate itself."""
    return {name: service for name, service in services.items() if "build" in service}


def test_services_are_those_of_the_design(services: dict[str, Any]) -> None:
    """One broker, one store, the topics made once, two workers, projection, gateway, webhooks, and who watches them."""
    ours_wanted = {"topics", "worker-1", "worker-2", "projection", "gateway", "webhooks"}
    assert set(ours(services)) == ours_wanted
    assert set(services) - ours_wanted == {"kafka", "redis", "prometheus", "grafana"}


def test_services_are_made_of_known_words(services: dict[str, Any], root: Path) -> None:
    """Each field is one of the Compose Specification; a misspelt one would be refused by Docker."""
    known = (
        "build cap_drop command configs depends_on environment healthcheck image ports read_only restart secrets "
        "security_opt stop_grace_period tmpfs volumes"
    )
    fields = {field for service in services.values() for field in service}
    assert fields <= set(known.split())
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    assert {name for name in compose if not name.startswith("x-")} == {"name", "services", "secrets", "volumes"}
    for service in services.values():
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (root / source).exists() if source.startswith("./") else source in compose["volumes"]


def test_our_containers_may_do_little(services: dict[str, Any]) -> None:
    """Our containers write nowhere but to scratch and volumes, and have no capability."""
    for service in ours(services).values():
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])


def test_health_is_checked_everywhere(services: dict[str, Any], root: Path) -> None:
    """Foreign containers have a health check of their own, ours that of the image."""
    assert [name for name in services.keys() - ours(services).keys() if "healthcheck" not in services[name]] == []
    assert "\nHEALTHCHECK " in (root / "deploy/Dockerfile").read_text()


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


def test_secrets_are_files_and_nowhere_else(services: dict[str, Any], root: Path) -> None:
    """Who names a secret's file has that secret; git ignores where they are made; no value looks like a password."""
    for service in ours(services).values():
        for value in service["environment"].values():
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    assert {each["file"] for each in compose["secrets"].values()} == {
        f"./secrets/{name}" for name in compose["secrets"]
    }
    assert "/secrets/" in (root / ".gitignore").read_text().splitlines()
    names = {name for service in services.values() for name in service.get("environment", {})}
    assert [name for name in names if re.search(r"PASSWORD|SECRET|TOKEN", name) and "FILE" not in name] == []


def test_script_makes_every_secret_once(root: Path, tmp_path: Path) -> None:
    """The script makes all secrets, in a folder for their owner alone; run again it changes none."""
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    script = root / "deploy/compose/secrets.sh"
    subprocess.run([script], cwd=tmp_path, check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(compose["secrets"])
    assert all(len(text) >= 40 for text in made.values())
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    subprocess.run([script], cwd=tmp_path, check=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made
    passwords = {role: made[f"redis-{role}"] for role in ("projection", "gateway")}
    assert made["redis-users"].splitlines() == list(redis_users(Topics(), passwords))


def test_prometheus_finds_every_process(services: dict[str, Any], root: Path) -> None:
    """Each target is a service on a port that the settings mean, under the labels of a machine's configuration."""
    found, other = (
        yaml.safe_load((root / path).read_text())["scrape_configs"][0]
        for path in ("deploy/compose/prometheus.yaml", "deploy/prometheus/prometheus.yaml")
    )
    assert found["job_name"] == other["job_name"]
    metrics = MetricsSettings(port=9464)
    for here, there in zip(found["static_configs"], other["static_configs"], strict=True):
        assert here["labels"] == there["labels"]
        for target in here["targets"]:
            service, _, port = target.partition(":")
            assert service in services
            assert int(port) == (metrics.port_of(here["labels"]["process"]) if port != "8080" else 8080)


def test_broker_is_the_one_tested(services: dict[str, Any], root: Path) -> None:
    """The image has the version of Kafka that the tests run against."""
    version = services["kafka"]["image"].rpartition(":")[2]
    assert f"<version>{version}</version>" in (root / "deploy/kafka/pom.xml").read_text()


def test_nothing_floats_and_nothing_is_open(services: dict[str, Any]) -> None:
    """Foreign images have a version, and ports are bound to this machine only."""
    foreign = [service for name, service in services.items() if name not in ours(services)]
    assert [service["image"] for service in foreign if ":" not in service["image"]] == []
    assert [
        port for service in services.values() for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")
    ] == []


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
    copied = {
        path for line in lines if line.startswith("COPY ") and "--from" not in line for path in line.split()[1:-1]
    }
    let_through = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
    assert [path for path in copied if not (root / path).exists()] == []
