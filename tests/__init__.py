"""Proof that Tallygate keeps its contract, in folders named for the kind of proof.

Nothing in the product imports this; a test may import everything, and its doubles live beside it.
"""
