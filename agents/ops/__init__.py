"""What operators run: the doctor, access lists, dead letters, rebuilds and the repair of offsets.

Each is called by one command of `agents/cli`. Nothing here judges; you may change one folder without the others.
"""
