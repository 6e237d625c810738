"""A bill explained: its history from Kafka, the facts about it, and both in words.

Which decision counts is said in `stream/answers.py` alone.
"""
