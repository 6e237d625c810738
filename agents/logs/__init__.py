"""Logs: every record of ours and of the libraries becomes one line of JSON, or a readable one on a terminal.

`configure` sets it up once in a process; everything else logs by the standard library and knows nothing of it.
"""
