"""The engine's own parts that need no broker: isolation, DLQ limit, lanes, gates, the watchdog."""
