"""Metrics of webhooks: counters are there before the first attempt, and gauges say how each webhook is."""

from datetime import UTC, datetime

from aiohttp import web

from agents.webhooks.delivery_state import Dead, DeliveryState, Failing
from agents.webhooks.receiver import RESULTS
from agents.webhooks.webhook_metrics import WEBHOOKS, WebhooksShown
from tests.redis.events import decision
from tests.unit.observability.scraping import born_late, scrape, value
from tests.unit.webhooks.memory_topic import (
    NOW,
    Answering,
    Clock,
    MemoryTopic,
    answering,
    delivering_to,
    running,
    until,
    webhook_to,
)

ATTEMPTS = "tallygate_webhook_attempts_total"


async def test_attempts_are_counted_from_nothing() -> None:
    """All results of a webhook are shown as 0 once it runs, and attempts add to them."""
    answers = iter([web.Response(status=500)])
    receiver, topic = Answering(lambda _body: next(answers, web.Response())), MemoryTopic()
    async with answering(receiver):
        delivering = delivering_to(webhook_to(receiver.url), topic, Clock())
        async with running(delivering):
            await until(lambda: topic.positions)
            before = scrape(WEBHOOKS)
            topic.write([decision()])
            await until(lambda: len(receiver.taken) == 1 and delivering.waiting == 0)
    after = scrape(WEBHOOKS)
    rose = {
        result: value(after, ATTEMPTS, webhook="a1", result=result)
        - value(before, ATTEMPTS, webhook="a1", result=result)
        for result in RESULTS
    }
    assert rose == {"delivered": 1, "refused": 1, "timeout": 0, "away": 0, "blocked": 0}
    assert born_late(before, after) == set()


def test_gauges_say_how_each_webhook_is() -> None:
    """A failing webhook shows for how long, a dead one and one whose row cannot be read show 1, a well one 0."""
    shown = WebhooksShown(lambda: NOW + 90)
    try:
        since = datetime.fromtimestamp(NOW, UTC)
        failing = Failing(0, 7, since, "503", 3)
        webhook = webhook_to("https://example.com/")
        states = {
            "well": DeliveryState(webhook.after),
            "fails": DeliveryState(webhook.after, failing),
            "died": DeliveryState(webhook.after, failing, Dead(1, "failing", since)),
        }
        topic = MemoryTopic()
        shown.webhooks = {name: delivering_to(webhook, topic, Clock(), state) for name, state in states.items()}
        shown.lost = ["lost"]
        scraped = scrape(WEBHOOKS)
        dead = {name: value(scraped, "tallygate_webhook_dead", webhook=name) for name in (*states, "lost")}
        assert dead == {"well": 0, "fails": 0, "died": 1, "lost": 1}
        assert [value(scraped, "tallygate_webhook_failing_seconds", webhook=name) for name in states] == [0, 90, 90]
        assert (shown.unready(), value(scraped, "tallygate_webhook_unsaved_seconds")) == ("", 0)
        shown.unsaved_since, shown.unreadable = 0.0, "the webhooks file cannot be read"
        scraped = scrape(WEBHOOKS)
        assert value(scraped, "tallygate_webhook_unsaved_seconds") > 0
        assert value(scraped, "tallygate_webhook_file_unreadable") == 1
        assert shown.unready() == "the webhooks file cannot be read"
        shown.turned -= 1_000
        assert shown.stuck().startswith("the loop has not turned for 10")
    finally:
        WEBHOOKS.registry.unregister(shown.reading)
