"""The gateway's client for our own commands: token, requests, and the scanner's WebSocket that comes back by itself.

Other programs need none of it, `docs/publishing.md` shows plain HTTP; errors are one line each and quote no data.
"""

from agents.client.requests import Gateway, GatewayAwayError, GatewayError, read_token

__all__ = ["Gateway", "GatewayAwayError", "GatewayError", "read_token"]
