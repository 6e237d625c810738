"""`tallygate dead-letters` on a real Kafka, as a process of its own; `post` fills the topics and reads them."""
