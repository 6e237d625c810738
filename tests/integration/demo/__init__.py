"""The demonstration as a newcomer runs it: the command, as a process of its own, from start to end."""
