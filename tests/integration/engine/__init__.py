"""The engine on a real Kafka with the toy step: each fixed point of its design, with the faults it is made for."""
