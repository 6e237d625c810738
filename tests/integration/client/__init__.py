"""Proof for `agents/client` on a real Kafka and a real Redis."""
