"""Where a webhook may lead: not into the network of its sender, however the address is written."""

import socket

import pytest
from aiohttp import ClientConnectorError, ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from agents.webhooks.addresses import AddressError, BlockedAddressError, PublicResolver, checked_url, may_reach

PRIVATE = (
    "127.0.0.1 10.0.0.5 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.1.1 255.255.255.255 ::1 :: "
    "fe80::1 fe80::1%eth0 fc00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: "
    "ff02::1 2130706433 0177.0.0.1 127.1 1:2"
).split()


class Fixed(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *hosts: str) -> None:
        self._hosts = hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return them."""
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0) for each in self._hosts
        ]

    async def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused(host: str) -> None:
    """Loopback, private, link-local, shared, multicast, IPv4 inside IPv6, and numbers that the system reads so."""
    assert not may_reach(host)
    with pytest.raises(AddressError, match=r"not a public address|no URL"):
        checked_url(
            f"https://[{host}]/x" if ":" in host else f"https://{host}/x", allow_http=False, allow_private=False
        )


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
        ("https://example.com/" + "x" * 2_000, "at most"),
        ("https://example.com:port/", "no URL"),
    ],
)
def test_wrong_urls_are_refused(url: str, why: str) -> None:
    """Only https to a host, without user or fragment, of a sane length."""
    with pytest.raises(AddressError, match=why):
        checked_url(url, allow_http=False, allow_private=True)


def test_settings_allow_more() -> None:
    """With both settings http to a private address passes."""
    assert checked_url("http://127.0.0.1:9/x?a=1", allow_http=True, allow_private=True).port == 9


async def test_names_are_judged_by_all_their_addresses() -> None:
    """A name with one private address among public ones is refused; one with public ones alone passes."""
    found = await PublicResolver(Fixed("1.1.1.1", "2606:4700::1111")).resolve("x", 443)
    assert [each["host"] for each in found] == ["1.1.1.1", "2606:4700::1111"]
    with pytest.raises(BlockedAddressError):
        await PublicResolver(Fixed("1.1.1.1", "10.0.0.1")).resolve("x", 443)


async def test_connection_is_not_opened() -> None:
    """A session with this resolver fails before it connects, and says that the address was blocked."""
    async with ClientSession(connector=TCPConnector(resolver=PublicResolver(Fixed("127.0.0.1")))) as session:
        with pytest.raises(ClientConnectorError) as error:
            await session.get("http://rebound.example/")
    assert isinstance(error.value.os_error, BlockedAddressError)
