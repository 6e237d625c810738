"""The sandbox as its user runs it: the command, as a process of its own, from start to end and to the next start."""
