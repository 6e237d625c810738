"""What flows: records, events, postings, decisions, and the pure vocabulary they are made of.

Nothing here knows a clock, a socket or a broker; it may be imported from everywhere and imports neither `state` nor `agents`.
"""
