"""Tests of the rulebook: what holds when, what a file may say, and how it is shown."""
