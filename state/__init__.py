"""The state: the dated rulebook, the tables, and the two steps that judge over them as pure functions.

This package may import `stream`, never `agents`. The only files it reads are the rule files that ship in it.
"""
