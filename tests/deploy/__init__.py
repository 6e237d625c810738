"""What stands under `deploy` and in docker-compose.yml is read here as its own tools read it.

No test starts a container; each parses a file and compares it with the product.
"""
