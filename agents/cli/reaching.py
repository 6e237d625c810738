"""Asking Kafka from a command: what goes wrong on the way is one line, not a traceback."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import typer

from agents.cli.exits import AWAY, BAD_USAGE

Answer = TypeVar("Answer")


def ask(question: Coroutine[Any, Any, Answer], brokers: str) -> Answer:
    """Give the answer; where Kafka gives none, say why and what to do, and exit: away, or not allowed."""
    from aiokafka.errors import KafkaError

    from agents.kafka.errors import RefusedError
    from agents.kafka.probing import explained
    from agents.settings.settings import read_settings

    # Its log would say the same in other words, once for each address.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
    try:
        return asyncio.run(question)
    except KafkaError as error:
        connection = read_settings().kafka.connection()
        found = asyncio.run(explained(msgspec.structs.replace(connection, brokers=brokers), error))
        print(found, file=sys.stderr)
        if isinstance(found, RefusedError):
            raise typer.Exit(BAD_USAGE) from None
        raise typer.Exit(AWAY) from None
