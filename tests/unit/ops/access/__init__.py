"""The roles: read from their file, and rendered for Kafka's tool, for Strimzi and for Redis.

What a broker makes of them is tried in `tests/integration/security`.
"""
