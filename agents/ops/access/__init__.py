"""Who may do what on Kafka: the roles as data in `roles.toml`, and what they become on a broker and elsewhere.

Names of topics and groups come from `stream.topics`; a new topic, or a client that wants more, changes `roles.toml`.
"""
