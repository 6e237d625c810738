"""Proof for `agents/files`: what a file states as events, and what is said of one that states none."""
