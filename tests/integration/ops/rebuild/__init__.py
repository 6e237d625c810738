"""Rebuilds, upgrades and disasters on a real Kafka."""
