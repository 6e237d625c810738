"""Asking Kafka from a command: what goes wrong on the way is one line, not a traceback."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

Answer = TypeVar("Answer")


def ask(question: Coroutine[Any, Any, Answer], brokers: str) -> Answer:
    """Give the answer; where Kafka does not give one, say so and exit with status 1."""
    from aiokafka.errors import KafkaError

    try:
        return asyncio.run(question)
    except KafkaError as error:
        print(f"Kafka at {brokers}: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
