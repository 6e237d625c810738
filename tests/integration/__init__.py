"""Tests of the whole, process by process, on a real Apache Kafka; marked `kafka`, and skipped where it is missing."""
