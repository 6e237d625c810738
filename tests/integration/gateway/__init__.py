"""The gateway over a real Kafka and a real Redis; `gateway_setup.py` starts the gateways that they ask."""
