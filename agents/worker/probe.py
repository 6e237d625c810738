"""Whether the process in this container is ready: `python -m agents.worker.probe`, for its health check.

A container runs one of our commands. Whatever of it listens, on the ports that the settings mean, is asked; all have to
be well, and there has to be somebody.
"""

import ssl
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final

from agents.settings.metrics_group import OFFSETS
from agents.settings.settings import Settings

ANSWER_SECONDS: Final = 4.0


def ports(settings: Settings) -> Iterator[tuple[int, bool]]:
    """Return the ports on which a process of ours may listen, and whether it speaks TLS there."""
    yield settings.gateway.port, settings.gateway.tls_certificate is not None
    for process in OFFSETS:
        port = settings.metrics.port_of(process)
        if port is not None:
            yield port, False


def ask(port: int, *, tls: bool) -> str | None:
    """Return what is wrong with the process on a port of this machine: "" if it is well, None if none listens."""
    # It is ourselves, under an address that is in no certificate.
    context = ssl._create_unverified_context() if tls else None  # noqa: S323, SLF001
    made = HTTPSConnection("127.0.0.1", port, timeout=ANSWER_SECONDS, context=context) if context else None
    connection = made or HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.read(1000).decode(errors="replace").strip()
    except ConnectionRefusedError:
        return None
    except (OSError, HTTPException) as error:
        return f"no answer: {type(error).__name__}"
    finally:
        connection.close()
    return "" if answer.status == 200 else said


def main() -> int:
    """Print what is wrong; exit status 0 if nothing is and somebody listens, else 1."""
    found = {port: ask(port, tls=tls) for port, tls in ports(Settings())}
    wrong = {port: said for port, said in found.items() if said}
    for port, said in wrong.items():
        sys.stdout.write(f"port {port}: {said}\n")
    if all(said is None for said in found.values()):
        sys.stdout.write("nothing listens: is TALLYGATE_METRICS__PORT set?\n")
        return 1
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
