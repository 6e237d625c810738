"""What the doctor finds on a field: run as a user runs it, with the settings of the field and what a test adds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.pieces import ROOT

TALLYGATE = str(Path(sys.executable).with_name("tallygate"))
SECRET = "made-up-secret-of-the-consignee-keys"


class Answer:
    """What the doctor said."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.status = done.returncode
        self.text = done.stdout + done.stderr
        self.findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]

    def of(self, area: str, *states: str) -> list[str]:
        """Return what was found in an area, with its remedy, where the state is one of these."""
        wanted = states or ("right", "doubtful", "wrong", "unknown")
        return [
            f"{each['says']} -> {each['remedy']}"
            for each in self.findings
            if each["area"] == area and each["state"] in wanted
        ]

    def wrong(self) -> list[str]:
        """Return everything that is wrong."""
        return [
            f"{each['area']}: {each['says']} -> {each['remedy']}" for each in self.findings if each["state"] == "wrong"
        ]


def examined(environment: dict[str, str], *arguments: str) -> Answer:
    """Run the doctor and give its answer."""
    done = subprocess.run(
        [TALLYGATE, "doctor", "--json", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stderr
    return Answer(done)


def environment(brokers: str, prefix: str, folder: Path, redis: str = "redis://127.0.0.1:1/0") -> dict[str, str]:
    """Return settings as an operator's shell has them."""
    secret = folder / "key-secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    return {
        "TALLYGATE_KAFKA__BROKERS": brokers,
        "TALLYGATE_KAFKA__PREFIX": prefix,
        "TALLYGATE_KEY__SECRET_FILE": str(secret),
        "TALLYGATE_REDIS__URL": redis,
    }
