"""The data that flows: records, events, postings and decisions, and the values they are made of.

No module here uses a clock, a socket or a broker. `state` and `agents` import this package; it imports neither.
"""
