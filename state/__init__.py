"""What is kept: the dated rulebook, the tables, and the two steps that judge over them as pure functions.

It may import `stream`, never `agents`; all it reads from outside are the rule files that ship in the package.
"""
