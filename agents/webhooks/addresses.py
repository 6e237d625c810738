"""Where a webhook may lead: an https address on the public internet, unless settings allow more.

The check is made on the addresses that the connection is opened to, so a name that resolves to something else a moment
later gains nothing.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

URL_CHARACTERS_MOST: Final = 2_000
_NAT64: Final = ip_network("64:ff9b::/96")


class AddressError(ValueError):
    """A webhook may not lead there; the message says why and quotes nothing of the URL but its host."""


class BlockedAddressError(OSError):
    """The host has an address that is not public."""


def checked_url(text: str, *, allow_http: bool, allow_private: bool) -> URL:
    """Return the URL of a receiver. Raise AddressError."""
    try:
        url = URL(text)
        host = url.host
    except ValueError:
        raise AddressError("this is no URL: write https://host/path") from None
    if len(text) > URL_CHARACTERS_MOST or not text.isprintable():
        raise AddressError(f"a URL has at most {URL_CHARACTERS_MOST} characters, all of them printable")
    if url.scheme not in {"https", "http"} or not host:
        raise AddressError("a URL begins with https:// and a host")
    if url.scheme == "http" and not allow_http:
        raise AddressError("write https://; TALLYGATE_WEBHOOKS__ALLOW_HTTP=true allows http, which anyone can read")
    if url.user is not None or url.password is not None or "#" in text:
        raise AddressError("a URL has no user, password or fragment: the signature shows who sends")
    if not allow_private and not may_reach(host):
        raise AddressError(f"{host} is not a public address; TALLYGATE_WEBHOOKS__ALLOW_PRIVATE=true allows it")
    return url


def may_reach(host: str) -> bool:
    """Return whether a host is a public address, or a name: where that leads is seen when it is looked up."""
    try:
        return is_public(ip_address(host.partition("%")[0]))
    except ValueError:
        # The system reads 2130706433 and 0177.0.0.1 as addresses, and aiohttp does not look them up.
        return ":" not in host and not host.replace(".", "").isdigit()


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address, and any IPv4 address inside it, belongs to the public internet."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        inner = [address.sixtofour, *(address.teredo or ())]
        if any(each is not None and not is_public(each) for each in inner):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class PublicResolver(AbstractResolver):
    """Looks a name up, and refuses it if any of its addresses is not public."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raise BlockedAddressError, and OSError if it has none."""
        found = await self._inner.resolve(host, port, family)
        if not all(may_reach(each["host"]) for each in found):
            raise BlockedAddressError("the name leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Let go."""
        await self._inner.close()
