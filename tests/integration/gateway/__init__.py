"""The gateway over a real Kafka and a real Redis; `stage.py` has what the tests play on."""
