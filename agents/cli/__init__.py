"""The `tallygate` command: a module for each command, and `main`, which lists them and imports only the one it runs.

A command's module has `command`, a function or a `typer.Typer`. It refuses by `exits.refuse` and asks Kafka by
`kafka_call.ask`, and in no other way, so the exit codes of docs/exit-codes.md stay one contract.
"""
