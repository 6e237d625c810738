"""Publishing over HTTP, for who reaches the gateway and not Kafka: the same events, acknowledged the same way."""

from collections.abc import Iterator, Sequence
from typing import Final

from agents.client import Gateway, GatewayAwayError, GatewayError
from agents.publish.event_checks import Good
from agents.publish.publish_errors import PublishAwayError, PublishRefusedError

BATCH_BYTES: Final = 1_000_000
BATCH_EVENTS: Final = 1_000
"""Far below what a gateway takes by default; one event alone may be larger."""


class GatewaySender:
    """Sends checked events through `POST /v1/events`, one request after another."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def place(self) -> str:
        """Where events go, for people."""
        return f"the gateway at {self._gateway.url}"

    async def send(self, events: Sequence[Good]) -> None:
        """Send events that were checked. Raise PublishAwayError, PublishRefusedError."""
        try:
            for batch in _batches(events):
                body = b"[" + b",".join(event.value for event in batch) + b"]"
                await self._gateway.post("/v1/events", body, "application/cloudevents-batch+json")
        except GatewayAwayError as error:
            raise PublishAwayError(str(error)) from None
        except GatewayError as error:
            raise PublishRefusedError(str(error)) from None


def _batches(events: Sequence[Good]) -> Iterator[list[Good]]:
    batch: list[Good] = []
    held = 0
    for event in events:
        if batch and (held + len(event.value) > BATCH_BYTES or len(batch) == BATCH_EVENTS):
            yield batch
            batch, held = [], 0
        batch.append(event)
        held += len(event.value)
    if batch:
        yield batch
