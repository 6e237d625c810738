"""Where a webhook may lead: not into the network of its sender, however the address is written."""

import socket

import pytest
from aiohttp import ClientConnectorError, ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer

from agents.webhooks.addresses import AddressError, BlockedAddressError, check_url, may_reach, public_socket

PRIVATE = (
    "127.0.0.1 10.0.0.5 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.1.1 255.255.255.255 ::1 :: "
    "fe80::1 fe80::1%eth0 fc00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: "
    "ff02::1 2130706433 0177.0.0.1 127.1 1:2"
).split()


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused(host: str) -> None:
    """Loopback, private, link-local, shared, multicast, IPv4 inside IPv6, and numbers that the system reads so."""
    assert not may_reach(host)
    with pytest.raises(AddressError, match=r"not a public address|no URL"):
        check_url(f"https://[{host}]/x" if ":" in host else f"https://{host}/x", allow_http=False, allow_private=False)


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "example.com"])
def test_public_addresses_and_names_pass(host: str) -> None:
    """Public addresses pass, and names, which are looked up later."""
    assert may_reach(host)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "write https"),
        ("ftp://example.com/", "begins with https"),
        ("example.com/x", "begins with https"),
        ("https:///x", "begins with https"),
        ("https://user:word@example.com/", "no user"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com/\n", "printable"),
        (" https://example.com/", "spaces"),
        ("https://example.com/" + "x" * 2_000, "at most"),
        ("https://example.com:port/", "no URL"),
    ],
)
def test_wrong_urls_are_refused(url: str, why: str) -> None:
    """Only https to a host, without user or fragment, of a sane length."""
    with pytest.raises(AddressError, match=why):
        check_url(url, allow_http=False, allow_private=True)


def test_settings_allow_more() -> None:
    """With both settings http to a private address passes."""
    check_url("http://127.0.0.1:9/x?a=1", allow_http=True, allow_private=True)
    with pytest.raises(AddressError):
        check_url("http://127.0.0.1:9/x?a=1", allow_http=True, allow_private=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "[::ffff:7f00:1]"])
async def test_connection_is_not_opened(host: str) -> None:
    """However an address of this machine is written, a session with these sockets fails before it connects."""
    async with (
        TestServer(web.Application()) as server,
        ClientSession(connector=TCPConnector(socket_factory=public_socket)) as session,
    ):
        with pytest.raises(ClientConnectorError) as error:
            await session.get(f"http://{host}:{server.port}/")
    assert isinstance(error.value.os_error, BlockedAddressError)


def test_sockets_to_public_addresses_are_made() -> None:
    """A socket to a public address is what the caller asks for."""
    stream = public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443)))
    assert (stream.family, stream.type) == (socket.AF_INET, socket.SOCK_STREAM)
    stream.close()
