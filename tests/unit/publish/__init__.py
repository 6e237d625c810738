"""Proof for `agents/publish` without a broker; nothing here waits for anything."""
