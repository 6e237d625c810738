"""Where a webhook may lead: an https address on the public internet, unless settings allow more.

The check that counts is made where a connection is opened, on its address. So it does not matter how the URL writes the
address, or what a name leads to a moment later.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from aiohttp.connector import AddrInfoType

URL_CHARACTERS_MOST: Final = 2_000
_NAT64: Final = ip_network("64:ff9b::/96")


class AddressError(ValueError):
    """A webhook may not lead there; the message says why and quotes nothing of the URL but its host."""


class BlockedAddressError(OSError):
    """A connection leads to an address that is not public."""


def check_url(text: str, *, allow_http: bool, allow_private: bool) -> None:
    """Check the URL of a receiver. Raise AddressError."""
    try:
        url = urlsplit(text)
        host, _port = url.hostname, url.port
    except ValueError:
        raise AddressError("this is no URL: write https://host/path") from None
    if len(text) > URL_CHARACTERS_MOST or not text.isprintable() or " " in text:
        raise AddressError(f"a URL has at most {URL_CHARACTERS_MOST} characters, all of them printable, without spaces")
    if url.scheme not in {"https", "http"} or not host:
        raise AddressError("a URL begins with https:// and a host")
    if url.scheme == "http" and not allow_http:
        raise AddressError("write https://; TALLYGATE_WEBHOOKS__ALLOW_HTTP=true allows http, which anyone can read")
    if url.username is not None or url.password is not None or "#" in text:
        raise AddressError("a URL has no user, password or fragment: the signature shows who sends")
    if not allow_private and not may_reach(host):
        raise AddressError(f"{host} is not a public address; TALLYGATE_WEBHOOKS__ALLOW_PRIVATE=true allows it")


def may_reach(host: str) -> bool:
    """Return whether a host is a public address, or a name, which is not looked up here."""
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


def public_socket(address: AddrInfoType) -> socket.socket:
    """Return the socket of a connection that is about to be opened. Raise BlockedAddressError."""
    family, kind, protocol, _name, where = address
    if not may_reach(str(where[0])):
        raise BlockedAddressError("the address is not public")
    return socket.socket(family, kind, protocol)
