"""Tests of the manifest step; `step_in_words` writes its events and reads its answers, nothing else here is shared."""
