"""The client's wheel in environments of its own: which Pythons there are, what it needs, and where that has wheels."""
