"""Files of events: the one reader of JSON lines and CSV, packed or not, for every command that takes such a file.

It says what a file states as events, and on which line; whether an event is right, and what it leads to, others judge.
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
