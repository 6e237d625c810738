"""The live side of the gateway: one tail of the decisions topic for the whole process, and its subscribers.

`feed` reads Kafka, `window` keeps what came lately, `sse` and `scan_socket` serve. Only `feed` and `replay` read Kafka;
`live_side` is what other rooms take from here.
"""
