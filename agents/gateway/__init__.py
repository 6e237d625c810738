"""The gateway: HTTP for publishers, scanners, officers and planners, in front of Kafka and the read model.

Handlers hang their routes into `server.py` and take what they need from `parts.py`; nothing here judges anything.
"""
