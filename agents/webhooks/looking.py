"""What commands ask about webhooks: where the topic ends now, and how each webhook is."""

from collections.abc import Sequence
from typing import Final

import msgspec

from agents.gateway.live.followers import Bounds, Followers
from agents.gateway.live.places import PlaceError, decode_places
from agents.kafka.connection import Connection
from agents.webhooks.delivery_state import DeliveryState, read_states, state_in
from agents.webhooks.subscriptions import Webhook
from stream.topics import Topics

UNREADABLE: Final = "unreadable"


class WebhookStanding(msgspec.Struct, frozen=True):
    """How a webhook is."""

    word: str
    """`well`, `failing`, `dead` or `unreadable`."""
    detail: str
    left: int
    """Offsets from its place to the end of the topic; some hold no decision, or none that it wants."""
    places: str


async def read_bounds(connection: Connection, topic: str) -> Bounds:
    """Return what of the decisions topic can be read now. Raise KafkaError."""
    source = Followers(connection, topic)
    async with source.consumer() as consumer:
        return await source.bounds(consumer)


async def read_standings(connection: Connection, topics: Topics, webhooks: Sequence[Webhook]) -> list[WebhookStanding]:
    """Return how each webhook is, in their order. Raise KafkaError."""
    rows = await read_states(connection, topics)
    ends = (await read_bounds(connection, topics.decisions)).ends
    found = []
    for webhook in webhooks:
        try:
            state = state_in(rows, topics, webhook.id) or DeliveryState(webhook.after)
        except ValueError:
            found.append(WebhookStanding(UNREADABLE, "its row in the control topic", 0, webhook.after))
        else:
            found.append(standing(webhook, state, ends))
    return found


def standing(webhook: Webhook, state: DeliveryState, ends: Sequence[int]) -> WebhookStanding:
    """Return how a webhook is, by its state and the topic's ends."""
    try:
        places = decode_places(state.places)
        left = sum(max(0, end - place) for end, place in zip(ends, places, strict=False))
    except PlaceError:
        left = 0
    failing, word, detail = state.failing, "well", ""
    if failing:
        word, detail = "failing", f"since {failing.since:%Y-%m-%d %H:%M} UTC, {failing.attempts}x {failing.answer}"
    if state.dead and state.dead.life == webhook.life:
        last = f", last answer {failing.answer}" if failing else ""
        word, detail = "dead", f"since {state.dead.since:%Y-%m-%d %H:%M} UTC, {state.dead.why}{last}"
    elif state.dead:
        word, detail = "well", "enabled again"
    return WebhookStanding(word, detail, left, state.places)
