"""Wrong passwords, certificates and rights: at the doctor, and at a worker and a projection that must not start."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ops.doctor.ward import environment, examined
from tests.integration.security.ground import Ground
from tests.kafka.broker import free_ports
from tests.kafka.secured import Authority, SecuredBroker
from tests.pieces import ROOT
from tests.redis.server import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

WRONG = "made-up-and-wrong"
REFUSED = 78
AWAY = 75


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Return a broker that lets in whoever it knows, its topics made, every role granted."""
    folder = tmp_path_factory.mktemp("logins")
    broker = SecuredBroker(folder / "broker").format().start()
    with Ground(broker, folder, "logins") as made:
        made.run("topics", "create", environment=made.environment("topics-admin"))
        yield made
    broker.stop()


def ended(settings: dict[str, str], *module: str) -> tuple[int, str]:
    """Run a process that must not start; give its exit status and what it said."""
    command = [sys.executable, "-m", *module]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_a_wrong_password_is_told_by_the_doctor_and_the_worker(ground: Ground, tmp_path: Path) -> None:
    """Both name the settings to mend, and neither shows the password; the worker is not worth starting again."""
    file = tmp_path / "password"
    file.write_text(WRONG)
    settings = {**ground.environment("manifest"), "TALLYGATE_KAFKA__PASSWORD_FILE": str(file)}
    answer = examined(settings)
    (found,) = answer.of("kafka", "wrong")
    assert "refuses the login" in found
    assert "TALLYGATE_KAFKA__USERNAME or the password in TALLYGATE_KAFKA__PASSWORD_FILE" in found
    status, said = ended(settings, "agents.worker.worker", "manifest")
    assert status == REFUSED
    assert "refuses the login: mend TALLYGATE_KAFKA__USERNAME" in said
    assert WRONG not in said + answer.text


def test_a_certificate_of_an_unknown_authority_is_told(ground: Ground, tmp_path: Path) -> None:
    """The broker's certificate does not count under another authority; the setting that names it is told."""
    other = Authority(tmp_path, "another authority").ca
    settings = {**ground.environment("manifest"), "TALLYGATE_KAFKA__CA_FILE": str(other)}
    (found,) = examined(settings).of("kafka", "wrong")
    assert "its certificate does not count here" in found
    assert "TALLYGATE_KAFKA__CA_FILE" in found


def test_a_login_is_held_against_a_role(ground: Ground) -> None:
    """A manifest worker's login has its own role, and of another one the doctor lists what is missing."""
    settings = ground.environment("manifest", TALLYGATE_KEY__SECRET_FILE=str(ground.key_secret))
    own = examined(settings, "--role", "manifest")
    assert own.of("rights") == ["this login may do what manifest needs -> "]
    assert "this login may not see logins.withholding.e1-changelog" in own.of("topics", "unknown")[0]
    assert own.of("topics", "wrong") == []
    (found,) = examined(settings, "--role", "withholding").of("rights", "wrong")
    assert "Write on topic logins.decisions.v1" in found
    assert "Read on group logins.withholding.e1" in found
    assert "Write on the transactional id logins.withholding.e" in found
    assert "tallygate access grant withholding" in found


def test_what_a_login_may_not_see_is_no_fault(ground: Ground) -> None:
    """To the operator's login shipments and their clock stay closed: said so, and no reason for status 1."""
    answer = examined(ground.environment("operator", TALLYGATE_KEY__SECRET_FILE=str(ground.key_secret)))
    assert [each for each in answer.wrong() if not each.startswith("redis")] == []
    assert "may not read logins.shipments.v1 (" in answer.of("clock", "unknown")[0]
    assert "this login may do what" in answer.of("rights", "right")[0]


def test_a_wrong_protocol_is_told(ground: Ground) -> None:
    """Plain text to a broker that speaks TLS only: the setting is named, with what it is now."""
    settings = environment(ground.broker.address, "logins", ground.folder)
    (found,) = examined(settings).of("kafka", "wrong")
    assert "TALLYGATE_KAFKA__SECURITY_PROTOCOL (now PLAINTEXT)" in found


def test_a_wrong_password_of_redis_is_told(ground: Ground, tmp_path: Path) -> None:
    """The doctor and the projection name the file to mend, and neither shows what is in it."""
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", "--requirepass", "made-up-and-right").start()
    file = tmp_path / "password"
    file.write_text(WRONG)
    settings = ground.environment("projection", TALLYGATE_REDIS__URL=server.url)
    settings["TALLYGATE_REDIS__PASSWORD_FILE"] = str(file)
    try:
        answer = examined(settings)
        status, said = ended(settings, "agents.readmodel")
    finally:
        server.kill()
    (found,) = answer.of("redis", "wrong")
    assert "it refuses the login" in found
    assert "TALLYGATE_REDIS__PASSWORD_FILE" in found
    assert status == REFUSED
    assert "Redis refuses" in said
    assert WRONG not in said + answer.text


def test_a_broker_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Nothing listens: the address is named, and what may have happened; a worker is worth starting again."""
    settings = environment(f"127.0.0.1:{free_ports(1)[0]}", "nowhere", tmp_path)
    answer = examined(settings)
    (found,) = answer.of("kafka", "wrong")
    assert "does not answer (Connection refused)" in found
    assert "a full disk" in found
    status, said = ended(settings, "agents.worker.worker", "manifest")
    assert status == AWAY
    assert settings["TALLYGATE_KAFKA__BROKERS"] in said
