"""`tallygate doctor`: looks at everything a Tallygate needs and says what to do; changes nothing, writes nowhere.

A check is a function that gives findings; a new one is added to `examining.py`.
"""
