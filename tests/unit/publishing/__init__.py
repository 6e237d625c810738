"""Proof for `agents/publishing` without a broker; nothing here waits for anything."""
