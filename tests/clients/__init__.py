"""Clients that others' generators make of `/openapi.json`, used on a real gateway; `make clients` fetches those."""
