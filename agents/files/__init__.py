"""Files of events: the one reader of JSON lines and CSV, packed or not, for every command that takes such a file.

It returns what a file states as events, with the line of each. Whether an event is right is checked elsewhere.
"""

from agents.files.event_reader import EVENT_SOURCE, ReadCount, read_candidates
from agents.files.forms import Form, form_of
from agents.files.opening import EventFile, FileError, Opener, open_source, rereadable, twice_readable

__all__ = [
    "EVENT_SOURCE",
    "EventFile",
    "FileError",
    "Form",
    "Opener",
    "ReadCount",
    "form_of",
    "open_source",
    "read_candidates",
    "rereadable",
    "twice_readable",
]
