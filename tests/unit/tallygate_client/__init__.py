"""Proof for `agents/tallygate_client` without a broker, on a gateway by script."""
