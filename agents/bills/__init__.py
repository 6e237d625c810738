"""A bill explained: its history from Kafka, the facts about it, and both in words.

`stream/answers.py` alone chooses the decision that counts; change a text in `words.py`, where each reason has one.
"""
