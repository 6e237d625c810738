"""A real Prometheus for tests, with promtool: Debian's package, never its service.

A server is started for a test on a port of its own, over a folder that goes with it.
"""
