"""Publishing over HTTP, for programs that reach only the gateway: the same events, acknowledged in the same way."""

from collections.abc import Sequence

from agents.client import Gateway, GatewayAwayError, GatewayError
from agents.publish.event_checks import Good
from agents.publish.publish_errors import PublishAwayError, PublishRefusedError
from agents.tallygate_client.exchange import BATCH_TYPE, EVENTS, batches


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
            for _, body in batches([event.value for event in events]):
                await self._gateway.post(EVENTS, body, BATCH_TYPE)
        except GatewayAwayError as error:
            raise PublishAwayError(str(error)) from None
        except GatewayError as error:
            raise PublishRefusedError(str(error)) from None
