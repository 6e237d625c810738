"""What operators run: the doctor, access lists, dead letters and rebuilds, a folder each.

Nothing here judges; a command of `agents/cli` calls it.
"""
