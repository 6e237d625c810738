"""What is kept: the dated rulebook, the tables, and the two steps that judge over them as pure functions.

It may import `stream`, never `agents`; reading the rule files that ship in the package is its only touch with the outside.
"""
