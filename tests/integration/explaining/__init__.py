"""Proof for `agents/explaining` on a real Kafka and a real Redis."""
