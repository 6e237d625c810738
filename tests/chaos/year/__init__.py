"""A year of a courier: persons with limits a year and a month, through a real Kafka, both steps and kills.

The audit is done by the plain models of `tests/reference`, which share no code with the steps.
"""
