"""Files of events: the one reader of JSON lines and CSV, packed or not, for every command that takes such a file.

It says what a file states as events, and on which line; whether an event is right, and what it leads to, others judge.
"""

from agents.files.forms import Form, form_of
from agents.files.opening import FileError, Opener, Source, open_source, rereadable, twice_readable
from agents.files.reading import EVENT_SOURCE, Count, read_candidates

__all__ = [
    "EVENT_SOURCE",
    "Count",
    "FileError",
    "Form",
    "Opener",
    "Source",
    "form_of",
    "open_source",
    "read_candidates",
    "rereadable",
    "twice_readable",
]
