"""Tests of what a sandbox keeps in its folder, and of when it ends by itself; nothing is started."""
