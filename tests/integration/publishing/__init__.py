"""Proof for `agents/publishing` on a real Kafka and a real Redis."""
