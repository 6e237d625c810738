"""A real Apache Kafka for tests, benches and chaos runs: one broker of our own, on free ports, in a folder of its own.

Tests take the fixtures of `plugin`; programs outside pytest use `broker` directly.
"""
