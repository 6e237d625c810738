"""Parts of a rebuild alone."""
