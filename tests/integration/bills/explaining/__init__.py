"""Proof for `agents/bills` on a real Kafka and a real Redis."""
