"""`tallygate doctor`: checks everything that Tallygate needs and says what to do. It changes and writes nothing.

A check is a function that yields findings; add a new one to the lists in `examining.py`.
"""
