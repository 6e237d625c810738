"""Grafana's provisioning tree, and the Python from which `make docs` writes the JSON of the dashboards.

`boards.py` lists the dashboards. Change their modules, not the JSON. The rest is configuration that you mount
unchanged.
"""
