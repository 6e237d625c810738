"""Proof that Tallygate keeps its contract; folders are named for the kind of proof. Nothing in the product imports this."""
