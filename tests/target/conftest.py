"""A target of its own process on loopback, and ordinary kernel clients for it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.target.client import Client

LISTENING = "listening on "


@pytest.fixture(scope="session")
def target() -> Iterator[dict[int, tuple[str, int]]]:
    """IP version -> address and port of a running target; it must stop cleanly on SIGTERM, whatever it went through."""
    command = [sys.executable, "-m", "probe.target"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where: dict[int, tuple[str, int]] = {}
        for _ in range(2 if ipv6_works() else 1):
            address, _, port = process.stdout.readline().removeprefix(LISTENING).rpartition(":")
            bare = address.strip("[]")
            where[6 if ":" in bare else 4] = bare, int(port)
        try:
            yield where
        finally:
            process.terminate()
            _, said = process.communicate(timeout=10)
    assert (process.returncode, "Traceback" in said) == (0, False), said


@pytest.fixture(params=[4, 6])
def dial(request: pytest.FixtureRequest, target: dict[int, tuple[str, int]]) -> Iterator[Callable[..., Client]]:
    """Opens connections to the target over one IP version, and sends each its first octets."""
    if request.param not in target:
        pytest.skip("no IPv6 on this machine")
    clients: list[Client] = []

    def opened(first: bytes = b"") -> Client:
        clients.append(Client(target[request.param], first))
        return clients[-1]

    yield opened
    for client in clients:
        client.sock.close()


def ipv6_works() -> bool:
    """Whether ::1 can be bound here."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True
