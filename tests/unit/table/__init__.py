"""Tables and overlays, held against plain dicts; nothing here knows what a row means."""
