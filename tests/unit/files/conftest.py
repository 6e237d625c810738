"""Commands in this process: each is one of ours, run to its end."""

from collections.abc import Callable

import pytest

from tests.integration.publish.installation import tallygate


@pytest.fixture
def run() -> Callable[..., tuple[int, str, str]]:
    """Run a command as a user does; return exit status and both outputs."""

    def command(*arguments: str, given: bytes | None = None) -> tuple[int, str, str]:
        done = tallygate({"TALLYGATE_KAFKA__BROKERS": "127.0.0.1:9"}, *arguments, given=given)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return command
