"""The pages on the real gateway, with a real Kafka, Redis and Chromium.

The pictures in `docs/images` are taken here where one is missing, or all of them again with `TALLYGATE_PICTURES=1`.
"""
