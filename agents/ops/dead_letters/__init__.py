"""Dead letters, listed and sent again: the work of `tallygate dead-letters`.

Nothing here prints. Only `values` writes out the content of a record, into a file that only its owner may read.
"""
