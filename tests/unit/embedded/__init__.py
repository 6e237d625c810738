"""Tests of the embedded system that demo and sandbox share: broker, Redis, and the processes they start."""
