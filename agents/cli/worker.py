"""`tallygate worker`: runs steps on Kafka, one supervised process each."""

import logging
from enum import StrEnum
from typing import Annotated

import typer


class StepName(StrEnum):
    """The steps that there are."""

    MANIFEST = "manifest"
    WITHHOLDING = "withholding"


def command(
    steps: Annotated[list[StepName], typer.Argument(metavar="NAME...", help="manifest, withholding, or both.")],
) -> None:
    """Run steps until SIGTERM or Ctrl-C, each in a process of its own that is started again when it dies.

    Settings come from the environment, TALLYGATE_KAFKA__BROKERS and so on. Any number of workers share the partitions;
    each needs a TALLYGATE_WORKER__NAME of its own. Exit status 78: the worker must not run as configured, and says why.
    """
    from agents.supervisor import supervise

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s supervisor %(message)s")
    raise typer.Exit(supervise(list(dict.fromkeys(step.value for step in steps))))
