"""Passwords and certificates from their files; what cannot be used is refused by the name of its setting."""

import ssl
from pathlib import Path

from agents.kafka.errors import RefusedError


def read_secret(setting: str, file: Path) -> str:
    """Return the one line in a secret's file. Raise RefusedError, which names setting and file and quotes nothing."""
    try:
        text = file.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise RefusedError(f"{setting}: {file} is not UTF-8 text: write the secret into it, and nothing else") from None
    except OSError as error:
        raise RefusedError(f"{setting}: {file} cannot be read ({error.strerror}): let this process read it") from None
    if not text:
        raise RefusedError(f"{setting}: {file} is empty: write the secret into it, and nothing else")
    return text


def ca_checked(setting: str, file: Path | None) -> str | None:
    """Return the path of a file of certificates that can be used. Raise RefusedError."""
    if file is not None:
        _context(setting, file)
    return None if file is None else str(file)


def client_context(prefix: str, ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Return a client's TLS, which checks the server's certificate and its name. Raise RefusedError.

    `prefix` begins the names of the settings; without `ca` the system's authorities count.
    """
    context = _context(f"{prefix}CA_FILE", ca)
    if certificate is not None and key is not None:
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError) as error:
            names = f"{prefix}CERTIFICATE_FILE, {prefix}KEY_FILE"
            raise RefusedError(
                f"{names}: {certificate} with {key}: {_why(error, 'not PEM, not a pair, or the key has a password')}"
            ) from None
    return context


def _context(setting: str, ca: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as error:
        raise RefusedError(f"{setting}: {ca}: {_why(error, 'no certificate in PEM form in it')}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _why(error: Exception, otherwise: str) -> str:
    if isinstance(error, ssl.SSLError) or not isinstance(error, OSError):
        return otherwise
    return f"cannot be read ({error.strerror})"


def _no_password() -> str:
    """Say that there is no password for the key: without this OpenSSL would ask at the terminal."""
    raise ValueError
