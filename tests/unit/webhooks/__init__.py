"""Webhooks without Kafka: signatures, addresses, waits, the file, places, and deliveries to a real HTTP receiver."""
