"""A rebuild: tables made in a new epoch, from the shipments or from the postings, which then outranks the old one.

The engine judges as always; this package has the order of steps, the processes and the bars. No record of a new epoch
may reach readers before all of them exist: change that only with the tests in tests/integration/ops/rebuild.
"""
