"""The command refuses what it cannot understand, and says what to do where Kafka is away."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli.main import main
from tests.kafka.broker import free_ports

WRONG = [
    (["retry", "--yes"], "choose letters by one of --code, --at and --all"),
    (["retry", "--yes", "--all", "--at", "0:1"], "one of --code"),
    (["retry", "--all"], "no terminal to ask on: add --yes"),
    (["retry", "--yes", "--at", "Canary"], "such as 3:17"),
    (["retry", "--yes", "--code", "no-such-code"], "no-such-code"),
    (["list", "--since", "yesterday"], "90m, 24h, 7d"),
    (["list", "--since", "2025-08-20T12:00:00"], "needs its offset"),
    (["list", "--limit", "0"], "--limit"),
    (["list", "--values-to", "/"], "exists already"),
]


def run(arguments: list[str], **environment: str) -> tuple[int, str]:
    """Run `tallygate dead-letters`; return its exit code and all that it said."""
    result = CliRunner(env=environment).invoke(main, ["dead-letters", *arguments])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_bad_usage_exits_with_two(arguments: list[str], said: str) -> None:
    """What is asked wrongly is refused before Kafka is, with the remedy."""
    code, output = run(arguments, TALLYGATE_KAFKA__BROKERS="127.0.0.1:1")
    assert (code, said in output) == (2, True), output


def test_wrong_settings_exit_with_two() -> None:
    """A setting that is not valid is named."""
    code, output = run(["list"], TALLYGATE_KAFKA__PREFIX="not a prefix")
    assert (code, "TALLYGATE_KAFKA__PREFIX" in output) == (2, True), output


@pytest.mark.parametrize("arguments", [["list"], ["retry", "--all", "--yes"]])
def test_broker_away_exits_with_75(arguments: list[str], tmp_path: Path) -> None:
    """Where nobody answers, address and remedy are said in one line, and no file is left."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    values = ["--values-to", str(tmp_path / "values")] if arguments == ["list"] else []
    code, output = run(arguments + values, TALLYGATE_KAFKA__BROKERS=address)
    assert (code, list(tmp_path.iterdir())) == (75, [])
    assert output.startswith(
        f"tallygate dead-letters: Kafka at {address} does not answer (Connection refused): start"
    ), output
