"""Making the tables anew in another epoch, from the shipments or from the postings, until it outranks the old one.

The engine judges, as always; here stand the order of things, the processes and what an operator sees. Nothing of a new
epoch reaches a reader before all of it is there: touch that only with tests/integration/ops/rebuild.
"""
