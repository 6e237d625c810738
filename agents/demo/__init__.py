"""The demonstration: a simulated day in August 2025, an embedded broker, and a live view of what Tallygate decides.

It drives the same workers as any deployment and nothing imports it but the command line, the benches and the tests;
only figures and invented names may be changed without a look at the size of the day (`broker.py`).
"""
