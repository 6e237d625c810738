"""The fault run: workers and broker are killed, frozen, added and removed while records flow; then all is audited.

`driver` knows nothing of what is judged; a `Scenario` brings workers, records and audit. `make chaos` runs it long.
"""
