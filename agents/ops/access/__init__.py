"""Who may do what on Kafka and in Redis: the roles as data in `roles.toml`, and the ACLs made from them.

Names of topics and groups come from `stream.topics`. For a new topic, or a client that needs more rights, change
`roles.toml` only.
"""
