"""`tallygate worker`: runs steps on Kafka, one supervised process each."""

import logging
from enum import StrEnum
from typing import Annotated

import typer

log = logging.getLogger(__name__)


class StepName(StrEnum):
    """The steps that there are."""

    MANIFEST = "manifest"
    WITHHOLDING = "withholding"


def command(
    steps: Annotated[list[StepName], typer.Argument(metavar="NAME...", help="manifest, withholding, or both.")],
) -> None:
    """Run steps until SIGTERM or Ctrl-C, each in its own process, which is started again if it dies.

    Settings come from the environment, TALLYGATE_KAFKA__BROKERS and so on. Any number of workers share the partitions;
    each needs a TALLYGATE_WORKER__NAME of its own. Exit code 78: the worker must not run as configured; it says why.
    """
    from agents.kafka.errors import EngineError
    from agents.observability.log import configure
    from agents.settings.settings import read_settings
    from agents.worker.supervisor import supervise
    from agents.worker.supervisor_metrics import watch_supervisor

    configure("supervisor")
    try:
        settings = read_settings()
        configure("supervisor", settings.log, worker=settings.worker.name)
        names = list(dict.fromkeys(step.value for step in steps))
        watch_supervisor(settings.metrics, names)
    except EngineError as error:
        log.critical("the workers must not run as configured: %s", error, extra={"incident": "refused"})
        raise typer.Exit(error.status) from None
    raise typer.Exit(supervise(names))
