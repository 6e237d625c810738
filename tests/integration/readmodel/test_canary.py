"""No name, no address and no identifier of anybody gets into Redis or into what the projection says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.readmodel.projections import read_model_on
from tests.kafka.harness import KafkaHarness
from tests.redis.contents import contents
from tests.redis.server import RedisServer
from tests.scenarios.running import judge_command

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

CANARIES = ("Canarina Quill", "77 Yellowbird", "Featherton", "K1A0B1", "12-3456789", "Sellername")


def events() -> list[dict[str, Any]]:
    """Return bills in which every personal word is a canary: by name and address, by an identifier, and an arrival."""
    address = {
        "lines": ["77 Yellowbird Lane"],
        "city": "Featherton",
        "state": "NY",
        "postal": "K1A0B1",
        "country": "US",
    }
    persons = [{"name": "Canarina Quill", "address": address}, {"identifier_type": "EI", "identifier": "12-3456789"}]
    made: list[dict[str, Any]] = []
    for number, person in enumerate([*persons, persons[0]]):
        line = {"description": "toy", "hts": "9503.00.00", "origin": "DE", "quantity": 1, "flags": [],
                "value": {"amount": "750.00", "currency": "USD"}}  # fmt: skip
        bill = {"bill": f"ACME000{number}", "version": 1, "conveyance": "air:1", "sequence": number,
                "manifested_at": "2025-08-19T12:00:00Z", "mode": "air", "filing": "manifest", "consignee": person,
                "shipper": {"name": "Sellername", "country": "DE"}, "lines": [line], "order": "order-7",
                "arrived_at": "2025-08-20T12:00:00Z"}  # fmt: skip
        event = {"specversion": "1.0", "id": f"e-{number}", "source": "/tests", "time": f"2025-08-20T12:0{number}:00Z"}
        made.append({**event, "type": "tallygate.bill.manifested.v1", "data": bill})
    return made


def test_canaries_stay_outside(harness: KafkaHarness, own_redis: RedisServer, tmp_path: Path) -> None:
    """Events full of canaries are judged and projected: outcomes and alerts are in Redis; no canary is, nor in logs."""
    alerts = tmp_path / "alerts.jsonl"
    given = "\n".join(json.dumps(event) for event in events())
    judged = judge_command(["-", f"--alerts={alerts}"], given.encode())
    decisions = judged.stdout.splitlines()
    with read_model_on(harness, own_redis) as read_model:
        read_model.send(decisions, alerts.read_bytes().splitlines())
        projection = read_model.project()
        read_model.settle()
        found = read_model.found()
        held = repr(contents(own_redis, read_model.prefix)) + projection.log()
    assert len(decisions) == 3
    lists = {"conveyance", "conveyances", "day"}
    assert {name.partition(":")[0] for name in found} == {"bill", "bills", "total", "alerts", *lists}
    assert "withhold" in held
    assert "order-7" in held
    assert [word for word in CANARIES if word.casefold() in held.casefold()] == []
