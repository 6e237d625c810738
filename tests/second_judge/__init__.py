"""A second judge of `us-321`, written from DESIGN section 2 and 3 alone, and random files that both judges get.

It shares no code with the steps, nor with `tests/reference`; it is slow and plain, and knows no tables.
"""
