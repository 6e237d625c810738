"""The read model in Redis, and the projection that fills it from decisions and alerts.

Only this package talks to Redis, and judging never waits for it. `keys.py` lists the keys: read it before a change.
"""
