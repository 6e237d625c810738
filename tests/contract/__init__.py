"""Tests that pin what others promise us, or what we found in them; a version that breaks it fails here, loudly."""
