"""`tallygate gateway`: HTTP for publishers, scanners, officers and planners."""

import logging

import typer

from agents.cli.exits import AWAY


def command() -> None:
    """Serve HTTP until SIGTERM or Ctrl-C: publish events, look bills up, scan, ask for headroom.

    Settings come from the environment, TALLYGATE_GATEWAY__*, TALLYGATE_KAFKA__*, TALLYGATE_REDIS__*,
    TALLYGATE_KEY__*. Kafka and Redis may go away and come back. Exit code 78: it must not run as configured; 75:
    start it again.
    """
    import uvloop

    from agents.gateway.server import run_gateway
    from agents.kafka.errors import EngineError
    from agents.observability.log import begin

    log = logging.getLogger(__name__)
    try:
        uvloop.run(run_gateway(begin("gateway")))
    except EngineError as error:
        log.critical("the gateway does not start: %s", error)
        raise typer.Exit(error.status) from None
    except OSError as error:
        log.critical("the gateway cannot listen: %s", error.strerror)
        raise typer.Exit(AWAY) from None
