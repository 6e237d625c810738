"""The read model in Redis, and the projection that fills it from decisions and alerts.

Only this room talks to Redis; judging never waits for it.
"""
