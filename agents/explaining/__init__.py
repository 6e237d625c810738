"""Explaining: decisions in words for people who do not program, and questions of the kind "what if".

It gathers what others know, from Redis and Kafka or from a gateway, and says it; it judges nothing of its own. Change
words in `words.py`.
"""
