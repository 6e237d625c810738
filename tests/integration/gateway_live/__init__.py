"""Open streams of the gateway over a real Kafka and a real Redis, with an auditor that compares them with the topic."""
