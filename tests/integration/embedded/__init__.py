"""The parts of the embedded system on their own, started and ended for real."""
