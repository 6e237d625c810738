"""What flows: records, events, postings, decisions, and the pure vocabulary they are made of.

Nothing here knows a clock, a socket or a broker; everything may import it, it imports neither `state` nor `agents`.
"""
