"""The former name of `agents.publish`: programs that import it go on until there is a client of our own name."""

from agents.publish import *  # noqa: F403 - the same names under the former address
from agents.publish import __all__ as __all__
