"""One form for everybody's records: fields, errors without the text of records, masked settings, outages in two lines.

No process is started here; those are in tests/integration/observability/logs.
"""
