"""Dead letters, read and sent again: what `tallygate dead-letters` does once its command line is understood.

Nothing here prints, and only `values` gives out what a record holds, into a file that its owner alone may read.
"""
