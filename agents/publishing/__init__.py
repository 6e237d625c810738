"""The former name of `agents.publish`: programs that import it go on, until there is a client under a name of its own.

Nothing of ours imports it, and nothing is added here.
"""

from agents.publish import PublishAwayError as AwayError
from agents.publish import Publisher, PublishError, WrongEventError
from agents.publish import PublishRefusedError as RefusedError

__all__ = ["AwayError", "PublishError", "Publisher", "RefusedError", "WrongEventError"]
