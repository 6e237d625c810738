"""The engine's own parts that need no broker: caution, ceiling, lanes, gates, the watchdog."""
