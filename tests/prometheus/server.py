"""One Prometheus server: scrapes what it is told every second, evaluates rules, and answers queries."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from tests.kafka.broker import free_ports

STOP_SECONDS = 60.0
ANSWER_SECONDS = 30.0

Sample = tuple[dict[str, str], float]


class PrometheusServer:
    """A server and its folder."""

    def __init__(self, folder: Path, targets: Mapping[str, Sequence[str]], rules: Sequence[Path] = ()) -> None:
        """Prepare to scrape `targets`, addresses by the value of their label `process`; nothing is started yet."""
        self.folder = folder
        (self.port,) = free_ports(1)
        folder.mkdir(parents=True, exist_ok=True)
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [
                {
                    "job_name": "tallygate",
                    "static_configs": [
                        {"targets": list(addresses), "labels": {"process": process}}
                        for process, addresses in targets.items()
                    ],
                }
            ],
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = ["prometheus", f"--config.file={self.folder / 'prometheus.yaml'}"]
        command += [f"--storage.tsdb.path={self.folder / 'data'}", f"--web.listen-address=127.0.0.1:{self.port}"]
        with (self.folder / "prometheus.log").open("ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        while not self._ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"Prometheus did not start: {(self.folder / 'prometheus.log').read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def query(self, expression: str) -> list[Sample]:
        """Return labels and value of each series as of now, those without a number left out. Raises on a bad query."""
        found = self._ask("query", query=expression)["result"]
        if isinstance(found[0] if found else None, float):  # a scalar: moment and number
            return [({}, float(found[1]))]
        return [(each["metric"], float(each["value"][1])) for each in found if each["value"][1] != "NaN"]

    def value(self, expression: str) -> float:
        """Return the one value of a query, NaN where there is none."""
        found = self.query(expression)
        return found[0][1] if found else float("nan")

    def series(self, expression: str, begin: float, end: float, step: float) -> list[tuple[dict[str, str], Any]]:
        """Return labels, and moments with values, of each series between two moments (Unix time)."""
        found = self._ask("query_range", query=expression, start=begin, end=end, step=step)["result"]
        return [(each["metric"], [(at, float(number)) for at, number in each["values"]]) for each in found]

    def firing(self, severity: str = "") -> set[str]:
        """Return the names of the alerts that fire now and call for somebody, all or those of one severity."""
        labels = [each["labels"] for each in self._ask("alerts")["alerts"] if each["state"] == "firing"]
        wanted = {severity} if severity else {"page", "ticket"}
        return {each["alertname"] for each in labels if each["severity"] in wanted}

    def up(self) -> int:
        """Return the number of targets that answer."""
        return sum(each["health"] == "up" for each in self._ask("targets", state="active")["activeTargets"])

    def _ask(self, what: str, **arguments: object) -> Any:
        address = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(address, timeout=ANSWER_SECONDS) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{error.read().decode()}: {arguments}") from None

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=ANSWER_SECONDS):
                return True
        except OSError:
            return False
