"""The manifest step: it remembers conveyances and their bills, and turns shipment events into posting records.

Callers outside use only `ManifestStep` in `step`. Only `rows` writes and reads rows.
"""
