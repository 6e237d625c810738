"""Grafana's provisioning tree, and the Python that its dashboards are written from; `make docs` writes the JSON anew.

Change `today.py`, `pipeline.py` and `readers.py`, not the JSON; the rest is configuration, mounted as it stands.
"""
