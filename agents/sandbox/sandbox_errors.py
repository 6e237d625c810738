"""Why a sandbox does not start or ends, each as one sentence."""

from agents.embedded.embedded_errors import EmbeddedError


class NoSandboxError(EmbeddedError):
    """The folder is another program's, or cannot be used."""

    status = 2


class SandboxTakenError(EmbeddedError):
    """Another sandbox runs in the folder."""

    status = 78


class SandboxFullError(EmbeddedError):
    """The embedded broker can keep no more."""

    status = 78


class PortTakenError(EmbeddedError):
    """Something else listens at the port that was named."""

    status = 75
