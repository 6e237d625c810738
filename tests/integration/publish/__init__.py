"""Proof for `agents/publish` on a real Kafka and a real Redis."""
