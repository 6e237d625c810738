"""The projection between a real Kafka and a real Redis, with either of them and itself killed."""
