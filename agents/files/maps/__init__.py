"""Column maps: which column of somebody else's export each of our columns comes from, and how its cells are converted.

A map is data (TOML): no expressions, a closed set of conversions. It turns rows into rows, before anything is checked.
"""

from agents.files.maps.column_map import ColumnMap
from agents.files.maps.mapping import MapHeader, beside_unread, is_header, labelled, map_rows
from agents.files.maps.reading_maps import preset_names, preset_words, read_map
from agents.files.maps.suggesting import suggest

__all__ = [
    "ColumnMap",
    "MapHeader",
    "beside_unread",
    "is_header",
    "labelled",
    "map_rows",
    "preset_names",
    "preset_words",
    "read_map",
    "suggest",
]
