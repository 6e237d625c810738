"""Webhooks on a real Kafka, with receivers as processes of their own that fail, are killed and come back."""
