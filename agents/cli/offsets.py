"""`tallygate offsets`: sets a group's committed offsets to where its tables stand."""

from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.exits import NO, refuse
from agents.cli.kafka_call import ask
from agents.cli.worker import StepName

if TYPE_CHECKING:
    from agents.ops.offset_mending import Mending

app = typer.Typer(no_args_is_help=True, help="Set the committed offsets of a step to where its tables stand.")
command = app

LEAVE_SECONDS = 5.0
"""Wait this long beyond the session timeout, after which a dead worker is no longer a member of its group."""


@app.callback()
def offsets() -> None:
    """Set the committed offsets of a step to where its tables stand."""


@app.command("set")
def set_offsets(
    to_tables: Annotated[bool, typer.Option("--to-tables", help="Set them to where tables stand; required.")] = False,
    steps: Annotated[
        list[StepName] | None, typer.Argument(metavar="[STEP]...", help="manifest or withholding; default: both.")
    ] = None,
) -> None:
    """Set the offsets that a broker has lost; stop all workers of the step first.

    It sets offsets only where the tables are ahead of them, so nothing is judged twice and nothing is left out.
    Exit code 0: set, or nothing to set; 1: not set, and why; 2: bad usage; 75: Kafka is away.
    """
    from agents.kafka.errors import EngineError
    from agents.ops.offset_mending import mend, plan_mending
    from agents.settings.settings import read_settings

    if not to_tables:
        refuse("add --to-tables; offsets are only set to where tables stand")
    settings = read_settings()
    kafka, leave = settings.kafka, settings.worker.session_timeout_ms / 1000 + LEAVE_SECONDS
    wanted = dict.fromkeys(step.value for step in steps or list(StepName))
    try:
        plans = [ask(plan_mending(kafka.connection(), kafka.topics(), step, leave), kafka) for step in wanted]
        for plan in plans:
            if plan.offsets:
                ask(mend(kafka.connection(), plan), kafka)
            _show(plan)
    except EngineError as error:
        refuse(error, NO)


def _show(plan: "Mending") -> None:
    result = f"{len(plan.offsets)} offsets set" if plan.offsets else "nothing to set: offsets and tables agree"
    print(f"{plan.group} on {plan.source}: {result}")
    print(f"{'partition':>9}  {'before':>12}  {'after':>12}")
    for partition, committed, table in plan.standings:
        print(f"{partition:>9}  {_place(committed):>12}  {_place(table):>12}")


def _place(offset: int | None) -> str:
    return "none" if offset is None else str(offset)
