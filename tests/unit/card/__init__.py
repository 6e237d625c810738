"""Tests of the card that signs a device in."""
