"""The former name of `agents.publish`, so that programs which import it go on.

Nothing of ours imports it, and nothing is added here: new programs use `tallygate_client` (docs/client.md).
"""

from agents.publish import PublishAwayError as AwayError
from agents.publish import Publisher, PublishError, WrongEventError
from agents.publish import PublishRefusedError as RefusedError

__all__ = ["AwayError", "PublishError", "Publisher", "RefusedError", "WrongEventError"]
