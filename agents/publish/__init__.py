"""Publishing: the typed client for programs, and files of events, as JSON lines or CSV, checked whole and then sent.

Programs need `Publisher` alone; the command `tallygate publish` uses the rest. Nothing here judges, and no message
quotes what an event says.
"""

from agents.publish.publish_errors import PublishAwayError, PublishError, PublishRefusedError, WrongEventError
from agents.publish.publisher import Publisher

__all__ = ["PublishAwayError", "PublishError", "PublishRefusedError", "Publisher", "WrongEventError"]
