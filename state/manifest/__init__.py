"""The manifest step: remembers conveyances and their bills, and turns shipment events into posting records.

Outside callers touch `ManifestStep` in `step` alone; rows are written and read in `rows` only.
"""
