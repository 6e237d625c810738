"""The pages on the real gateway, with a real Kafka, Redis and Chromium; pictures for `docs/images` are taken here."""
