"""Proof for `agents/explaining` without a broker; nothing here waits for anything."""
