"""The live side without Kafka: places, the window, the hand-over from one to the other, limits of open streams."""
