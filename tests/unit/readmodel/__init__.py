"""The read model on a real Redis: the script against a plain recomputation, the readings, the catalogue of keys."""
