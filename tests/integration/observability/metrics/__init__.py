"""Metrics of real processes on a real Kafka and Redis, scraped by a real Prometheus."""
