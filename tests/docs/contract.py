"""The AsyncAPI document: every topic with its key, its messages, its headers and its settings on the broker."""

from typing import Any, Final

from stream.deadletters import Fault
from stream.decisions import STRUCTURED
from stream.topics import TopicPlan, Topics
from tests.docs.schemas import EVENT_FILES

Part = dict[str, Any]

INTRODUCTION: Final = """\
Tallygate reads shipment events and decides, for each bill, whether it is released or withheld under the limit per
person and day (Section 321). Events and decisions are CloudEvents 1.0 in structured JSON, one per record. Topic names
begin with a prefix, `tallygate` unless set otherwise, and end with the version of what they carry.

All topics have the same number of partitions, fixed when they are created; a record goes to the partition murmur2 of
its key names (the default of Java and aiokafka; in librdkafka `partitioner=murmur2_random`). Read with
`isolation.level=read_committed`: what an unfinished transaction wrote was never said.
"""

BILL_KEY: Final = {"type": "string", "pattern": "^[A-Z0-9]{4,35}$", "description": "Bill."}
CONVEYANCE_KEY: Final = {"type": "string", "pattern": "^[A-Za-z0-9:._-]{1,100}$", "description": "`data.conveyance`."}
CONSIGNEE_KEY: Final = {"type": "string", "description": "Consignee key: a keyed digest, never a name."}

NO_KEY: Final = {"type": "null", "description": "None: it is on the partition of its dead letter."}

ORIGIN_HEADERS: Final = {
    "x-error": {
        "type": "string",
        "enum": [fault.value for fault in Fault],
        "description": "What is wrong; docs/events.md has the remedies.",
    },
    "x-detail": {"type": "string", "description": "Where it is wrong; never quotes a value."},
    "x-topic": {"type": "string", "description": "Topic it was read from."},
    "x-partition": {"type": "string", "pattern": "^[0-9]+$", "description": "Partition it was read from."},
    "x-offset": {"type": "string", "pattern": "^[0-9]+$", "description": "Offset it was read at."},
}


def contract(version: str) -> Part:
    """Return the whole document; `version` is that of the distribution."""
    messages = _messages()
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "Tallygate", "version": version, "description": INTRODUCTION},
        "defaultContentType": "application/json",
        "channels": _channels(Topics()),
        "operations": _operations(),
        "components": {"messages": messages},
    }


def _messages() -> Part:
    cloud, plain = "application/cloudevents+json", "application/json"
    shipments = {
        _camel(name): _message(name, name, f"Shipment event `{name}`.", CONVEYANCE_KEY, cloud)
        for name in EVENT_FILES.values()
    }
    return {
        **shipments,
        "posting": _message("posting.v1", "posting", "What one event means for one consignee.", CONSIGNEE_KEY, plain),
        "decision": _sent(_message("decision.v1", "decision", "What became of a bill, and why.", BILL_KEY, cloud)),
        "alert": _sent(_message("alert.v1", "alert", "What a compliance officer should see.", CONSIGNEE_KEY, cloud)),
        "notice": _sent(_message("dead-letter.v1", "notice", "Why an event is a dead letter.", NO_KEY, cloud)),
        "deadLetter": {
            "name": "dead letter",
            "summary": "A record of the shipments topic that could not be read: key, value and headers as they came.",
            "contentType": "application/octet-stream",
            "headers": {"type": "object", "properties": ORIGIN_HEADERS, "required": list(ORIGIN_HEADERS)},
            "payload": {"description": "The bytes of the record as they came."},
        },
    }


def _sent(message: Part) -> Part:
    """A message that we send ourselves, with the header by which its mode is told."""
    name, value = STRUCTURED[0]
    header = {"type": "string", "const": value.decode()}
    return {**message, "headers": {"type": "object", "properties": {name: header}, "required": [name]}}


def _message(schema: str, name: str, summary: str, key: Part, content_type: str) -> Part:
    return {
        "name": name,
        "summary": summary,
        "contentType": content_type,
        "payload": {"$ref": f"./schemas/{schema}.json"},
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
    }


def _channels(topics: Topics) -> Part:
    plans = {plan.name: plan for plan in topics.plans()}
    kinds = {
        "shipments": (topics.shipments, [_camel(name) for name in EVENT_FILES.values()], "Shipment events, in."),
        "postings": (topics.postings, ["posting"], "From the manifest step to the withholding step; ours alone."),
        "decisions": (topics.decisions, ["decision"], "Decisions, out."),
        "alerts": (topics.alerts, ["alert"], "Alerts, out."),
        "deadLetters": (topics.dead_letters, ["deadLetter"], "Shipment records that could not be read."),
        "notices": (topics.notices, ["notice"], "What is wrong with each dead letter, without the record."),
    }
    return {
        channel: {
            "address": name,
            "description": text,
            "messages": {message: {"$ref": f"#/components/messages/{message}"} for message in messages},
            "bindings": {"kafka": _topic_binding(plans[name])},
        }
        for channel, (name, messages, text) in kinds.items()
    }


def _topic_binding(plan: TopicPlan) -> Part:
    settings: Part = {"cleanup.policy": plan.config["cleanup.policy"].split(",")}
    settings |= {name: int(plan.config[name]) for name in ("retention.ms", "max.message.bytes")}
    if "message.timestamp.type" in plan.config:
        # The binding has no field of its own for it.
        return {"topicConfiguration": settings, "bindingVersion": "0.5.0", "x-message.timestamp.type": "LogAppendTime"}
    return {"topicConfiguration": settings, "bindingVersion": "0.5.0"}


def _operations() -> Part:
    """What Tallygate does; who sends events or reads decisions does the opposite."""
    actions = {
        "readShipments": ("receive", "shipments", "Take in what fulfilment systems publish."),
        "sendPostings": ("send", "postings", "The manifest step posts bills to consignees."),
        "readPostings": ("receive", "postings", "The withholding step judges them."),
        "sendDecisions": ("send", "decisions", "Say what became of each bill."),
        "sendAlerts": ("send", "alerts", "Point at what a person should look at."),
        "sendDeadLetters": ("send", "deadLetters", "Keep what could not be read."),
        "sendNotices": ("send", "notices", "Say what is wrong with it, to readers that may see no person."),
    }
    return {
        name: {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
        for name, (action, channel, summary) in actions.items()
    }


def _camel(name: str) -> str:
    first, *rest = name.removesuffix(".v1").split(".")
    return first + "".join(part.title() for part in rest)
