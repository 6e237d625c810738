"""What real processes write: settings at the start, a line for each transaction, incidents with their fields.

One Kafka for all; a worker or a supervisor of its own for each.
"""
