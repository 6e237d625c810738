"""Documents that agree with the code: what is generated in `docs/` is made here, and held against the files by tests.

`python -m tests.docs.generate` (or `make docs`) writes all of it; nothing else writes into `docs/`.
"""
