"""`tallygate completion`: print what makes a shell complete commands and options."""

from enum import StrEnum
from typing import Annotated, Final

import typer

VARIABLE: Final = "_TALLYGATE_COMPLETE"
"""With this variable set, `tallygate` answers a shell that asks how a line can go on."""


class Shell(StrEnum):
    """A shell that can ask."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(
    shell: Annotated[Shell, typer.Argument(help="The shell that you use.", metavar="bash|zsh|fish")],
) -> None:
    """Print a script that makes your shell complete commands and options.

    Load it where your shell starts: `eval "$(tallygate completion bash)"` in ~/.bashrc,
    `eval "$(tallygate completion zsh)"` in ~/.zshrc after `compinit`,
    `tallygate completion fish | source` in ~/.config/fish/config.fish.
    """
    from typer import completion

    script: str = completion.get_completion_script(  # type: ignore[attr-defined] # typer does not list it
        prog_name="tallygate", complete_var=VARIABLE, shell=shell
    )
    print(script.strip())
