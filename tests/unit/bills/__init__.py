"""Proof for `agents/bills` without a broker; nothing here waits for anything."""
