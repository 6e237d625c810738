"""All webhooks of the file: started, stopped and kept, each on its own, as the file says at the moment.

Once a second the file is looked at, and what has changed of a webhook's state is written to the control topic. If the
file cannot be read, the webhooks of before go on. If a state cannot be written, deliveries go on too: at a restart some
come again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from agents.gateway.http.private_file import file_state
from agents.gateway.live.followers import Followers
from agents.kafka.connection import Connection
from agents.settings.webhooks_group import WebhooksSettings
from agents.webhooks.delivering import Delivering
from agents.webhooks.delivery_state import DeliveryState, read_states, state_in, state_key
from agents.webhooks.state_writer import StateWriter
from agents.webhooks.subscriptions import Webhook, WebhookFileError, read_webhooks
from agents.webhooks.webhook_metrics import WebhooksShown
from stream.topics import Topics

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0

MakeDelivering = Callable[[Webhook, DeliveryState, Followers, WebhooksSettings, str], Delivering]


class Dispatch:
    """Runs until it is told to stop."""

    def __init__(
        self,
        file: Path,
        connection: Connection,
        topics: Topics,
        settings: WebhooksSettings,
        default: str,
        make: MakeDelivering = Delivering,
    ) -> None:
        """Serve the webhooks of `file`; `default` is the programme that no line names."""
        self.shown = WebhooksShown()
        self._file = file
        self._connection = connection
        self._topics = topics
        self._settings = settings
        self._default = default
        self._make = make
        self._source = Followers(connection, topics.decisions)
        self._writer = StateWriter(connection, topics.control)
        self._seen: object = ""
        self._running: dict[str, tuple[Delivering, asyncio.Task[None]]] = {}
        self._saved: dict[str, DeliveryState] = {}
        """What the control topic holds."""
        self._ended: dict[str, DeliveryState] = {}
        """Last states of webhooks that have ended, until they are written."""

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`. Raise what no webhook should: then the process ends and is started again."""
        try:
            while not stop.is_set():
                self.shown.turned = monotonic()
                await self._look()
                for _delivering, task in self._running.values():
                    if task.done():
                        task.result()
                await self._save()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        finally:
            await self._end([*self._running])
            await self._save()
            await self._writer.close()

    async def _look(self) -> None:
        """Do as the file says, if it has changed."""
        try:
            found = await asyncio.to_thread(_file_state, self._file)
            if found == self._seen and not self.shown.unreadable:
                return
            webhooks = await asyncio.to_thread(read_webhooks, self._file)
        except (WebhookFileError, OSError) as error:
            if not self.shown.unreadable:
                log.critical("the webhooks of before go on: %s", error, extra={"incident": "webhooks-file"})
            self.shown.unreadable = "the webhooks file cannot be read"
            return
        try:
            rows = await read_states(self._connection, self._topics)
        except (KafkaError, OSError) as error:
            self._away(error)
            return
        self._seen, self.shown.unreadable = found, ""
        await self._follow({webhook.id: webhook for webhook in webhooks}, rows)

    async def _follow(self, wanted: Mapping[str, Webhook], rows: Mapping[bytes, bytes]) -> None:
        """Stop what is no longer wanted, or wanted otherwise, and start what is new."""
        changed = {each: old for each, (old, _) in self._running.items() if wanted.get(each) != old.webhook}
        await self._end([*changed])
        lost = []
        for webhook in wanted.values():
            if webhook.id in self._running:
                continue
            try:
                kept = self._ended.get(webhook.id) or state_in(rows, self._topics, webhook.id)
            except ValueError:
                lost.append(webhook.id)
                log.critical("webhook %s: its row in the control topic cannot be read; it is not delivered", webhook.id)
                continue
            self._start(webhook, kept or DeliveryState(webhook.after))
        self.shown.lost = lost
        log.info("%d webhooks", len(wanted), extra={"webhooks": sorted(self._running)})

    def _start(self, webhook: Webhook, state: DeliveryState) -> None:
        delivering = self._make(webhook, state, self._source, self._settings, self._default)
        self._running[webhook.id] = delivering, asyncio.create_task(delivering.run())
        self.shown.webhooks = {each: running for each, (running, _) in self._running.items()}

    async def _end(self, webhook_ids: list[str]) -> None:
        """End some webhooks; their states are still to be saved."""
        ending = [self._running[each] for each in webhook_ids]
        await asyncio.gather(*(delivering.close() for delivering, _ in ending))
        for _delivering, task in ending:
            task.cancel()
        if ending:
            await asyncio.wait([task for _, task in ending])
        for webhook_id, (delivering, _task) in zip(webhook_ids, ending, strict=True):
            del self._running[webhook_id]
            self._ended[webhook_id] = delivering.state()
        self.shown.webhooks = {each: running for each, (running, _) in self._running.items()}

    async def _save(self) -> None:
        """Write the states that have changed."""
        states = {each: delivering.state() for each, (delivering, _) in self._running.items()}
        states = {**self._ended, **states}
        changed = {each: state for each, state in states.items() if self._saved.get(each) != state}
        try:
            if changed:
                await self._writer.write(
                    {state_key(self._topics, each): msgspec.json.encode(state) for each, state in changed.items()}
                )
        except (KafkaError, OSError) as error:
            self._away(error)
            return
        self._saved |= changed
        self._ended.clear()
        self.shown.unsaved_since = None

    def _away(self, error: Exception) -> None:
        if self.shown.unsaved_since is None:
            self.shown.unsaved_since = monotonic()
            more = {"incident": "kafka-away", "code": type(error).__name__}
            log.error("states cannot be written or read (%s); trying again", type(error).__name__, extra=more)


def _file_state(file: Path) -> object:
    """Return what differs between two versions of the file; None: it is not there yet. Raise OSError."""
    try:
        return file_state(file)
    except FileNotFoundError:
        return None
