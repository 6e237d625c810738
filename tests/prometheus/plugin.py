"""The fixture for tests that ask a real Prometheus; promtool needs none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.prerequisites import require
from tests.prometheus.server import PrometheusServer

Start = Callable[..., PrometheusServer]


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Start]:
    """Yield what starts a server for some targets and rules; it is stopped when the test ends."""
    require("prometheus")
    with ExitStack() as stack:

        def start(targets: Mapping[str, Sequence[str]], rules: Sequence[Path] = ()) -> PrometheusServer:
            return stack.enter_context(PrometheusServer(tmp_path / "prometheus", targets, rules))

        yield start
