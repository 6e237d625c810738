"""All settings: `settings` reads them, `sources` says where from, and each group has a file of its own.

A new setting goes into its group; nothing else reads the environment.
"""
