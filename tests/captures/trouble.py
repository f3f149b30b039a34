"""Ordinary trouble, made by real programs on a path with a router, and recorded at the client: who broke it?"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from probe.wire.namespace import inside
from tests.captures.expected import Due
from tests.captures.stage import FAMILIES, abort, fetch, pause, tcpdump
from tests.helpers.paths import MASQUERADE, Chain

PORT = 8001
REQUEST = b"GET / HTTP/1.0\r\n\r\n"
SHORT_MEMORY = {
    "net/netfilter/nf_conntrack_tcp_timeout_established": "2",
    "net/netfilter/nf_conntrack_tcp_loose": "0",
}
"""The router forgets a connection after two seconds of silence, and takes no connection up in its middle."""
STATEFUL = """
table inet path {
  chain through {
    type filter hook forward priority 0; policy drop;
    ct state established accept
    meta l4proto ipv6-icmp accept
    ct state new tcp flags & (syn | ack | rst | fin) == syn accept
  }
}
"""
"""A firewall that lets in what it remembers, and SYNs."""


@dataclass(slots=True)
class Place:
    """A client here, a server on the host behind the router; sockets stay open until the recording is over."""

    chain: Chain
    version: int
    kept: ExitStack = field(default_factory=ExitStack)

    def listener(self, backlog: int = 16) -> socket.socket:
        """A listening socket on the host."""
        with inside(self.chain.pid(2)):
            made = self.kept.enter_context(socket.socket(FAMILIES[self.version]))
        made.settimeout(20)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.chain.host[self.version], PORT))
        made.listen(backlog)
        return made

    def client(self, number: int, seconds: float = 20) -> socket.socket:
        """A connected client on a port of its own; TimeoutError where nobody answers."""
        made = self.kept.enter_context(socket.socket(FAMILIES[self.version]))
        made.settimeout(seconds)
        made.bind((self.chain.address(0, self.version), 40001 + number))
        made.connect((self.chain.host[self.version], PORT))
        return made

    def served(self, listener: socket.socket, number: int) -> tuple[socket.socket, socket.socket]:
        """A client that has asked, and the server's socket that has read that."""
        client = self.client(number)
        server, _ = listener.accept()
        self.kept.enter_context(server)
        server.settimeout(20)
        client.sendall(REQUEST)
        server.recv(100)
        return client, server

    def whole(self, listener: socket.socket, number: int) -> None:
        """A connection without trouble, so that the file tells that all goes on."""
        client, server = self.served(listener, number)
        server.sendall(b"hello")
        server.close()
        fetch(client)
        client.close()


def never_closes(at: Place) -> None:
    listener = at.listener()
    for number in range(3):
        client, server = at.served(listener, number)
        server.sendall(b"hello")
        client.recv(100)
        client.close()
    pause(61.5)  # as long as FIN-WAIT-2 is kept of a program that has closed
    at.whole(listener, 3)


def client_resets(at: Place) -> None:
    listener = at.listener()
    at.whole(listener, 0)
    for number in range(1, 4):
        client, server = at.served(listener, number)
        server.sendall(b"much more than the client wants")
        pause(0.1)
        abort(client)
        with suppress(ConnectionResetError):
            server.recv(100)


def backlog_full(at: Place) -> None:
    at.listener(backlog=1)  # and accepts nothing
    for number in range(5):
        with suppress(TimeoutError):
            at.client(number, seconds=1.5)


def _forgotten(at: Place) -> None:
    listener = at.listener()
    talks = [at.served(listener, number) for number in range(3)]
    pause(6.5)
    for client, _ in talks:
        client.sendall(REQUEST)
    pause(4.0)
    at.whole(listener, 3)


CLOSES = "four-way|three-segment"
WHOLE = Due("followed", CLOSES, "SF")
OPEN = Due("followed", "none", "S1")


@dataclass(frozen=True, slots=True)
class Scene:
    """Trouble and what it must become. ``rules`` and ``sysctls`` are the router's."""

    name: str
    shows: str
    play: Callable[[Place], None]
    due: tuple[Due, ...]
    rules: str = ""
    sysctls: dict[str, str] = field(default_factory=dict)


SCENES = (
    Scene(
        "server-never-closes",
        "a server that gets FINs and never closes: three connections are left in CLOSE-WAIT",
        never_closes,
        (Due("followed", "incomplete", "S2"),) * 3 + (WHOLE,),
    ),
    Scene(
        "client-resets",
        "a client that resets what it has asked for, unread",
        client_resets,
        (WHOLE,) + (Due("followed", "reset by client", "RSTO"),) * 3,
    ),
    Scene(
        "backlog-full",
        "a server with a backlog of one accepts nothing: further SYNs are not answered",
        backlog_full,
        (OPEN,) * 2 + (Due("unanswered", "none", "S0"),) * 3,
    ),
    Scene(
        "firewall-forgets",
        "a firewall forgets connections that are silent, and drops what comes then",
        _forgotten,
        (OPEN,) * 3 + (WHOLE,),
        STATEFUL,
        SHORT_MEMORY,
    ),
    Scene(
        "nat-times-out",
        "address translation forgets connections that are silent; what comes then reaches the server untranslated",
        _forgotten,
        (Due("followed", "reset by server", "RSTR"),) * 3 + (WHOLE,),
        MASQUERADE,
        SHORT_MEMORY,
    ),
)


def record(scene: Scene, version: int, path: Path) -> None:
    """Play it on a path of its own, and record what the client sees."""
    with Chain(routers=1, rules={1: scene.rules} if scene.rules else {}) as chain:
        for name, value in scene.sysctls.items():
            chain.set(1, name, value)
        place = Place(chain, version)
        # Retransmissions of the other version's scene may still come.
        words = f"{'ip6' if version == 6 else 'ip'} and tcp"
        with place.kept, tcpdump(path, words, interface=chain.device(0)):
            scene.play(place)
