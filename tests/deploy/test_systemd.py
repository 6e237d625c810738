"""The systemd units: systemd takes them, they fit the exit codes, and the page puts each file where they look."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from agents.cli.exits import AWAY, BAD_USAGE, REFUSES
from agents.settings.settings import Settings
from tests.docs.test_deploying import program

WORKERS = ("tallygate-manifest@", "tallygate-withholding@")
ONES = ("tallygate-projection", "tallygate-gateway")
INSTANCES = (*(f"{worker}{number}" for number in (1, 2) for worker in WORKERS), *ONES)
EXPOSED_AT_MOST = "20"
"""Tenths on the scale of `systemd-analyze security`, on which 100 is a service that may do everything."""


@pytest.fixture
def units(root: Path) -> Path:
    """Return the folder of the units."""
    return root / "deploy" / "systemd"


def entries(units: Path, instance: str) -> list[tuple[str, str]]:
    """Return the fields of a unit, with those that all share, the specifiers filled in."""
    prefix, at, number = instance.partition("@")
    text = (units / f"{prefix}{at}.service").read_text("utf-8")
    text += (units / "tallygate-.service.d" / "10-tallygate.conf").read_text("utf-8")
    for specifier, value in (("%i", number), ("%p", prefix), ("%d", "/run/credentials"), ("%S", "/var/lib")):
        text = text.replace(specifier, value)
    return re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)


@pytest.mark.systemd
def test_systemd_takes_them(units: Path, tmp_path: Path) -> None:
    """Nothing is misspelt, and each process may do little."""
    shutil.copytree(units, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("*.service"):
        # The check wants the program to be there.
        path.write_text(path.read_text("utf-8").replace("/opt/tallygate/bin/tallygate", shutil.which("true") or ""))
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    files = [tmp_path / f"{name}.service" for name in INSTANCES if not name.endswith("2")]
    verify: list[str | Path] = [
        "systemd-analyze",
        "verify",
        "--man=no",
        "--recursive-errors=one",
        *files,
        tmp_path / "tallygate.target",
    ]
    found = subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    for name in (*WORKERS, *ONES):
        rated = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSED_AT_MOST}", f"{name}.service"]
        rated[-1] = str(tmp_path / rated[-1])
        subprocess.run(rated, env=environment, capture_output=True, check=True)


@pytest.mark.parametrize("instance", INSTANCES)
def test_unit_fits_the_process(units: Path, instance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts a command of ours under a user of its own, stays down where it refuses, and gives known settings."""
    fields = entries(units, instance)
    one = dict(fields)
    role = instance.partition("@")[0].removeprefix("tallygate-")
    command = one["ExecStart"].split()
    assert command == ["/opt/tallygate/bin/tallygate", *(["worker", role] if "@" in instance else [role])]
    assert f"u {one['User']} - " in (units / "tallygate.sysusers").read_text("utf-8")
    assert (one["Restart"], one["StartLimitIntervalSec"]) == ("always", "0")
    stays_down = {int(code) for code in one["RestartPreventExitStatus"].split()}
    assert stays_down == {BAD_USAGE, REFUSES}
    assert AWAY not in stays_down
    assert int(one["TimeoutStopSec"]) > 45
    given = dict(value.split("=", 1) for name, value in fields if name == "Environment")
    # What the settings file of the page has.
    monkeypatch.setenv("TALLYGATE_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    for name, value in given.items():
        if name != "TALLYGATE_CONFIG":
            monkeypatch.setenv(name, value)
    assert Settings().kafka.username == f"tallygate-{role}"
    loaded = {value.partition(":")[0] for name, value in fields if name == "LoadCredential"}
    asked = {value.rpartition("/")[2] for value in given.values() if value.startswith("/run/credentials/")}
    assert asked == loaded


def test_page_puts_everything_in_place(units: Path, root: Path, tmp_path: Path) -> None:
    """What the page types leaves each file that a unit reads, ports that differ, and every unit enabled."""
    page = (root / "docs" / "deploying.md").read_text("utf-8")
    section = page.partition("## systemd\n")[2].partition("\n## ")[0]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    for name in ("systemd-sysusers", "systemctl", "install"):
        program(tmp_path / "bin" / name, f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/asked\n')
    secured = tmp_path / "secured"
    (secured / "passwords").mkdir(parents=True)
    (tmp_path / "etc" / "systemd" / "system").mkdir(parents=True)
    for role in ("manifest", "withholding", "projection", "gateway"):
        (secured / "passwords" / role).write_text("made up")
    for name in ("consignee-key", "ca.pem", "server.crt", "server.key", "tokens.json"):
        (secured / name).write_text("made up")
    (secured / "tallygate.toml").write_text(f'ca_file = "{secured}/ca.pem"\n')
    script = script.replace("/path/to/tallygate", str(root)).replace("/etc/", f"{tmp_path}/etc/")
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-euc", script], cwd=secured, env=environment, check=True)
    read = {"/etc/tallygate/ca.pem"}
    for instance in INSTANCES:
        for name, value in entries(units, instance):
            if name in {"LoadCredential", "EnvironmentFile"}:
                read.add(value.rpartition(":")[2])
    assert [path for path in sorted(read) if not (tmp_path / path.lstrip("/")).is_file()] == []
    ports = [path.read_text() for path in (tmp_path / "etc" / "tallygate").glob("*.env")]
    assert len(set(ports)) == len(ports) == 5
    settings = (tmp_path / "etc" / "tallygate" / "tallygate.toml").read_text()
    assert settings == f'ca_file = "{tmp_path}/etc/tallygate/ca.pem"\n'
    asked = (tmp_path / "asked").read_text()
    enabled = {each for line in asked.splitlines() if "enable --now" in line for each in line.split()[3:]}
    assert enabled == {"tallygate.target", *INSTANCES}
    assert {path.name for path in units.iterdir()} <= {
        path.name for path in (tmp_path / "etc" / "systemd" / "system").iterdir()
    }
