"""The offline judge: its loop, its files, and the command as a process of its own."""
