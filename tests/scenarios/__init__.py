"""The worked examples of the domain as one text table, and the ways to run it: steps, command line, engine.

Add an example to `worked_examples.txt` alone; the modules say how a row becomes an event and what is compared.
"""
