"""The short forms of the measurements on a real Kafka: what they measure is exact, whatever the clock says."""
