"""Publishing: the typed client for programs, and files of events, as JSON lines or CSV, checked whole and then sent.

Programs need `Publisher` alone; the command `tallygate publish` uses the rest. Nothing here judges, and no message
quotes what an event says.
"""

from agents.publishing.errors import AwayError, PublishError, RefusedError, WrongEventError
from agents.publishing.publisher import Publisher

__all__ = ["AwayError", "PublishError", "Publisher", "RefusedError", "WrongEventError"]
