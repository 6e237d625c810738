"""The `tallygate` command itself: its table of commands, each imported when it runs and not before."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from agents.cli.exits import BAD_USAGE, CommandError, end_by_broken_pipe, make_printable, output_of

# Name of the command -> one line for `--help`. The module is `agents.cli.<name>`, hyphens as underscores; its attribute
# `command` is the function to run or a `typer.Typer` with commands of its own.
COMMANDS: dict[str, str] = {
    "access": "Show who may do what on Kafka and in Redis, and grant it.",
    "completion": "Print what makes your shell complete commands and options.",
    "dead-letters": "List the records that could not be read, and send them again.",
    "demo": "Watch a simulated day, everything embedded.",
    "doctor": "Check everything, from settings to clocks, and say what to do.",
    "explain": "Say in words what was decided about a bill, and why.",
    "gateway": "Serve HTTP: events in, bills, scanning, headroom.",
    "judge": "Judge the shipment events in a file, without a broker.",
    "offsets": "Set the committed offsets of a step to where its tables stand.",
    "plan": "Show on which days a value would still fit a person's limit.",
    "projection": "Keep the read model in Redis: bills, consignee days, alerts.",
    "publish": "Publish a file of events, JSON lines or CSV, checked first.",
    "rebuild": "Rebuild the read model or the tables from topics.",
    "resume": "List halted partitions, and resume them.",
    "rules": "Show the dated rules of a day, or check a rule file.",
    "sandbox": "Run a whole system to try things in, everything embedded.",
    "scan": "Scan bills in a terminal: what to do with each, and changes.",
    "token": "Make, list and revoke the tokens that open the gateway.",
    "topics": "Create the topics, or check that they are as they must be.",
    "webhooks": "Send decisions to receivers, signed and in order.",
    "what-if": "Judge a file under two policies, and show what changes.",
    "worker": "Run steps on Kafka, exactly once, one supervised process each.",
}


class LazyGroup(TyperGroup):
    """A group that imports a command's module only to run it, so `judge` does not wait for Faust to load."""

    _listing = False

    def list_commands(self, _ctx: Any) -> list[str]:
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """Load a command, or return None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        return _stand_in(cmd_name) if self._listing else load(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; where there is none of that name, name the nearest one."""
        if near := get_close_matches(args[0], [*COMMANDS] if args[0] not in COMMANDS else []):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {', '.join(map(repr, near))}?")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete the name of a command from the table alone."""
        self._listing = True
        return super().shell_complete(ctx, incomplete)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; where it refuses, or settings are wrong, print why and exit with the code."""
        try:
            return super().invoke(ctx)
        except CommandError as error:
            place = "" if error.placed else f"tallygate {ctx.invoked_subcommand}: "
            print(f"{place}{error}", file=sys.stderr)
            raise typer.Exit(error.code) from None
        except Exception as error:
            mistakes = (
                sys.modules["agents.settings.settings"].mistakes_told(error)
                if "agents.settings.settings" in sys.modules
                else []
            )
            if not mistakes:
                raise
            for each in mistakes:
                print(f"tallygate: {each}", file=sys.stderr)
            raise typer.Exit(BAD_USAGE) from None

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run from the command line; neither a closed pipe nor a terminal without a character causes a traceback."""
        make_printable()
        if "_TALLYGATE_COMPLETE" in os.environ:
            import_module("typer.completion").completion_init()
        output = output_of()
        try:
            try:
                return super().main(*args, **extra)
            finally:
                # Later it would be too late to report that writing the buffer failed.
                sys.stdout.flush()
        except BrokenPipeError:
            end_by_broken_pipe()
        except SystemExit:
            # Typer turns a closed pipe into status 1, which means something else.
            if output_of() != output:
                end_by_broken_pipe()
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help from the table alone."""
        self._listing = True
        super().format_help(ctx, formatter)


def load(name: str) -> Any:
    """Import the module of the command `name` and build what typer runs."""
    command = import_module(f"agents.cli.{name.replace('-', '_')}").command
    if isinstance(command, typer.Typer):
        built = typer.main.get_command(command)
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(command)
        built = typer.main.get_command(single)
    built.name = name
    return built


def _stand_in(name: str) -> Any:
    """Return a placeholder for a command in the list that `--help` prints."""
    single = typer.Typer(add_completion=False)
    single.command(name, help=COMMANDS[name])(lambda: None)
    return typer.main.get_command(single)


def _print_version(wanted: bool) -> None:
    if wanted:
        from agents.observability.running_build import build_words

        print(f"tallygate {version('tallygate')}, {build_words()}")
        raise typer.Exit


# Typer's own tracebacks may show local variables, and those may hold a consignee's name.
main = typer.Typer(
    name="tallygate", cls=LazyGroup, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


@main.callback()
def tallygate(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print version and build, and exit."),
    ] = False,
) -> None:
    """Release or withhold: low-value shipments judged per person and day, exactly once."""
