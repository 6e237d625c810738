"""Proof for `agents/history` on a real Kafka and a real Redis."""
