"""Asking Kafka from a command: what goes wrong on the way is one line, not a traceback."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import typer

Answer = TypeVar("Answer")


def ask(question: Coroutine[Any, Any, Answer], brokers: str) -> Answer:
    """Give the answer; where Kafka does not give one, say why and what to do, and exit with status 1."""
    from aiokafka.errors import KafkaError

    from agents.connections.probing import explained
    from agents.settings import read_settings

    # Its log would say the same in other words, once for each address.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
    try:
        return asyncio.run(question)
    except KafkaError as error:
        connection = read_settings().kafka.connection()
        print(asyncio.run(explained(msgspec.structs.replace(connection, brokers=brokers), error)), file=sys.stderr)
        raise typer.Exit(1) from None
