"""A second judge of all programmes, written from DESIGN sections 2 and 3 alone, and random files that all judges get.

It shares no code with the steps, nor with `tests/reference`; it is slow and plain, and knows no tables. Both it and the
plain model are held against the steps, and against each other.
"""
