"""The `tallygate` command: `main` lists the commands, every other module here is one of them.

A module offers `command`, a function or a `typer.Typer`, and is imported only when it is called for.
"""
