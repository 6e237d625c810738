"""Tests of the manifest step; `desk` writes its events and reads its answers, nothing else here is shared."""
