"""Calling Kafka from a command: an error on the way becomes one line and an exit code, not a traceback."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from agents.cli.exits import AWAY, BAD_USAGE, refuse

if TYPE_CHECKING:
    from agents.settings.settings import KafkaSettings

Answer = TypeVar("Answer")


def silence(*names: str) -> None:
    """Silence loggers that repeat an error in other words, once for each address; default: aiokafka and asyncio."""
    for name in names or ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def ask(question: Coroutine[Any, Any, Answer], kafka: "KafkaSettings") -> Answer:
    """Return Kafka's answer; if there is none, say why and what to do, and exit: away, or not allowed."""
    from aiokafka.errors import KafkaError, KafkaTimeoutError

    from agents.kafka.errors import RefusedError
    from agents.kafka.probing import explained

    silence()
    try:
        return asyncio.run(question)
    except (KafkaError, ConnectionError, TimeoutError) as error:
        asked = error if isinstance(error, KafkaError) else KafkaTimeoutError()
        found = asyncio.run(explained(kafka.connection(), asked))
        if isinstance(found, RefusedError):
            refuse(found, BAD_USAGE)
        refuse(found, AWAY)
