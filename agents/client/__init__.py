"""The gateway's client for our own commands: token, requests, and the scanner's WebSocket that comes back by itself.

Programs of others use `agents.tallygate_client`, with which this shares what answers mean; errors quote no data.
"""

from agents.client.requests import Gateway, GatewayAwayError, GatewayError, read_token

__all__ = ["Gateway", "GatewayAwayError", "GatewayError", "read_token"]
