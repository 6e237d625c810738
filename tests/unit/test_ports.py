"""A reserved port: only the server that it is for gets it, however often that server dies."""

import socket

import pytest

from tests.kafka.broker import free_ports, reserve_port


def test_a_killed_server_comes_back_to_its_port() -> None:
    """While the server is down, neither a client nor another test gets its port; then it listens there again."""
    first, second = free_ports(2)
    assert first != second
    for _ in range(2):
        with pytest.raises(OSError, match="in use"):
            reserve_port(first)
        with socket.socket() as client, pytest.raises(OSError, match="in use"):
            client.bind(("127.0.0.1", first))
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", first)) != 0
        with socket.create_server(("127.0.0.1", first)) as server, socket.create_connection(("127.0.0.1", first)):
            server.accept()[0].close()
