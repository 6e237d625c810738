"""One way to run a worker: a step in a process, its supervisor, its metrics and its health probe.

The demo and the rebuild run their workers through here as well.
"""
