"""Tests of the simulated day and of what the demonstration counts and shows; each file tests one module."""
