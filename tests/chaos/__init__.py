"""The fault run: workers and broker are killed, frozen, added and removed while records flow, then everything is audited.

`driver` knows nothing of what is judged; a `Scenario` brings the workers, the records and the audit. `make chaos` runs it long.
"""
