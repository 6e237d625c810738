"""Proof for `agents/client` without a broker; nothing here waits for anything."""
