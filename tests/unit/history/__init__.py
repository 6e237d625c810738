"""Proof for `agents/history` without a broker; nothing here waits for anything."""
