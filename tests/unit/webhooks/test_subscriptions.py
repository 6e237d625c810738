"""The webhooks file: private, changed by one process at a time, and refused where it is damaged."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.webhooks import subscriptions
from agents.webhooks.subscriptions import (
    Webhook,
    WebhookFileError,
    add_webhook,
    enable_webhook,
    read_webhooks,
    remove_webhook,
)
from tests.redis.events import decision

NEW = Webhook(
    id="", url="https://example.com/x", secrets=(), after="1.0", created=datetime(2026, 1, 1, tzinfo=UTC),
    conveyances=("air:1",), outcomes=("withhold",), programmes=("us-321",),
)  # fmt: skip


def ordered(number: int) -> Callable[[int], bytes]:
    """Return what is no chance: bytes that are all alike."""
    return lambda count: bytes([number]) * count


def test_webhooks_come_and_go(tmp_path: Path) -> None:
    """What is added is read again as it was, with an id and a secret; what is removed is gone; the file is private."""
    file = tmp_path / "webhooks.json"
    assert read_webhooks(file) == ()
    first, second = (add_webhook(file, NEW, ordered(number)) for number in (1, 2))
    assert read_webhooks(file) == (first, second)
    assert (first.id, second.id, first.life) == ("01" * 5, "02" * 5, 1)
    assert first.secrets != second.secrets
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert enable_webhook(file, second.id)
    assert remove_webhook(file, first.id)
    assert [(each.id, each.life) for each in read_webhooks(file)] == [(second.id, 2)]
    assert not remove_webhook(file, first.id)
    assert not enable_webhook(file, first.id)


def test_damage_is_refused_unquoted(tmp_path: Path) -> None:
    """A file that is not JSON, lacks a field or holds a wrong secret is refused, and none of it is quoted."""
    file = tmp_path / "webhooks.json"
    made = add_webhook(file, NEW, ordered(1))
    whole = file.read_text()
    for damaged in (whole[:-20], whole.replace('"url"', '"URL"'), whole.replace(made.secrets[0], "whsec_short")):
        file.write_text(damaged)
        with pytest.raises(WebhookFileError, match="is not one that `tallygate webhooks` wrote"):
            read_webhooks(file)
    with pytest.raises(WebhookFileError, match="cannot be locked"):
        add_webhook(tmp_path / "no-folder" / "webhooks.json", NEW, ordered(1))


def test_number_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file holds so many webhooks and no more."""
    monkeypatch.setattr(subscriptions, "MOST", 1)
    add_webhook(tmp_path / "webhooks.json", NEW, ordered(1))
    with pytest.raises(WebhookFileError, match="the most that one process serves"):
        add_webhook(tmp_path / "webhooks.json", NEW, ordered(2))


def test_filters_are_those_of_the_stream() -> None:
    """A webhook wants what a subscriber of the stream with these filters gets."""
    wanted = NEW.wanted("us-321")
    assert not wanted.audit
    assert wanted.wants(decision(conveyance="air:1", outcome="withhold"))
    assert not wanted.wants(decision(conveyance="air:2", outcome="withhold"))
    assert not wanted.wants(decision(conveyance="air:1", outcome="release"))
    assert not wanted.wants(decision(conveyance="air:1", outcome="withhold", programme="kr"))
