"""`tallygate resume`: lists halted partitions, and lets them go on."""

from typing import Annotated

import typer

from agents.cli.exits import NO, refuse
from agents.cli.kafka_call import ask


def command(
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STEP/PARTITION]...", help="Such as withholding/3; default: only list the halts."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Resume every halted partition.")] = False,
) -> None:
    """List halted partitions and why each halted, or resume some.

    A partition resumes at the offset where it halted: that record is judged again. Mend the cause first, or the
    partition halts again. Running workers notice within seconds. Exit code 1: there is no such halt.
    """
    from agents.engine.control import lift_halt, read_halts
    from agents.settings.settings import read_settings

    kafka = read_settings().kafka
    connection, topics = kafka.connection(), kafka.topics()
    halts = ask(read_halts(connection, topics), kafka)
    named = {
        f"{halt.group.removeprefix(kafka.prefix + '.').partition('.')[0]}/{halt.partition}": halt for halt in halts
    }
    wanted = list(named) if everything else which or []
    if unknown := [name for name in wanted if name not in named]:
        refuse(f"not halted: {', '.join(unknown)}", NO)
    for name in wanted:
        ask(lift_halt(connection, topics, named[name]), kafka)
        where = f" at offset {named[name].offset}" if named[name].offset >= 0 else ""
        print(f"resumed {name}{where}")
    if not wanted:
        for name, halt in named.items():
            print(f"{name}: {halt.sentence()} {halt.detail}")
        print(f"{len(named)} halted" if named else "nothing is halted")
