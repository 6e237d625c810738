"""Grafana's provisioning tree, and the Python from which `make docs` writes the JSON of the dashboards.

Change `today.py`, `pipeline.py` and `readers.py`, not the JSON. The rest is configuration that you mount unchanged.
"""
