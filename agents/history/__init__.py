"""A bill's history: all its decisions, exact, from the bill's own partition of the decisions topic.

It reads Kafka and keeps nothing; the gateway, `tallygate explain` and the officer page show what it finds.
"""

from agents.history.reading import History, HistoryAwayError, Past, read_history

__all__ = ["History", "HistoryAwayError", "Past", "read_history"]
