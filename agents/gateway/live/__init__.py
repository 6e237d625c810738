"""The live side of the gateway: one tail of the decisions topic for the whole process, and everybody who listens to it.

`feed` reads Kafka, `window` keeps what came lately, `sse` and `scan` serve; only `feed` and `replay` talk to Kafka.
"""
