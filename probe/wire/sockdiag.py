"""What the kernel itself says of a local connection's state, asked through sock_diag(7).

pyroute2's DiagSocket can only dump and takes an error for an IPv4 answer (NLMSG_ERROR equals AF_INET), so the two
messages needed are packed here; one question costs one exchange with the kernel and walks no table.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

from probe.spec.segment import Endpoint
from probe.wire.addresses import family
from probe.wire.link import Closing

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST, _DUMP = 0x1, 0x300
_ALL_STATES = 0xFFFFFFFF
_NO_COOKIE = b"\xff" * 8
_HEADER = struct.Struct("=IHHII")
_QUESTION = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
_TIMEOUT = 1  # seconds; the kernel answers within the call
_ROOM = 1 << 16
_MAPPED = bytes(10) + b"\xff\xff"

# include/net/tcp_states.h against RFC 9293 section 3.3.2. LISTEN is left out: it is not a connection's state.
_STATES = {
    1: "ESTABLISHED",
    2: "SYN-SENT",
    3: "SYN-RECEIVED",
    4: "FIN-WAIT-1",
    5: "FIN-WAIT-2",
    6: "TIME-WAIT",
    8: "CLOSE-WAIT",
    9: "LAST-ACK",
    11: "CLOSING",
    12: "SYN-RECEIVED",  # TCP_NEW_SYN_RECV: a request that has no socket yet
}
_LISTEN = 10


class KernelTable(Closing):
    """The TCP connections of the network namespace the caller was in when this was made.

    ``available`` is False, and ``reason`` says why, where the kernel does not tell; every answer is None or empty then.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._sequence = 0
        self._socket: socket.socket | None = None
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _TIMEOUT, 0))
            # No state asked for, so no socket is listed, but a kernel without tcp_diag says so.
            list(self._dump(socket.AF_INET, 0, states=0))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            self.reason = f"the kernel's socket table cannot be read ({reason}; is tcp_diag built in or loadable?)"

    @property
    def available(self) -> bool:
        """Whether the kernel answers such questions."""
        return not self.reason

    def state(self, local: Endpoint, remote: Endpoint) -> str | None:
        """The RFC's name of the state of the connection whose own end is ``local``; None when there is none (CLOSED).

        Sees half-open requests and TIME-WAIT; a listener that merely would take the connection is not its state.
        Raises OSError when the kernel fails to answer.
        """
        if self.reason:
            return None
        # An inet_diag_sockid: ports, addresses, any interface, no cookie.
        ends = [socket.inet_pton(family(end.address), end.address).ljust(16, b"\0") for end in (local, remote)]
        identity = struct.pack("!HH", local.port, remote.port) + b"".join(ends) + bytes(4) + _NO_COOKIE
        question = _question(family(local.address), identity, _ALL_STATES)
        for message, body in self._ask(question, _REQUEST):
            if message == _SOCK_DIAG_BY_FAMILY:
                return _STATES.get(body[1])
            if message == _NLMSG_ERROR:
                if (error := _error(body)).errno != errno.ENOENT:
                    raise error
                return None
        return None

    def snapshot(self, port: int) -> list[tuple[Endpoint, Endpoint, str]]:
        """(local, remote, state) of every socket with that local port, listeners included (state LISTEN).

        Raises OSError when the kernel fails to answer.
        """
        if self.reason:
            return []
        kinds = (socket.AF_INET, socket.AF_INET6)
        return [row for kind in kinds for row in self._dump(kind, port)]

    def close(self) -> None:
        """Close the netlink socket."""
        if self._socket is not None:
            self._socket.close()

    def _dump(
        self, kind: socket.AddressFamily, port: int, states: int = _ALL_STATES
    ) -> Iterator[tuple[Endpoint, Endpoint, str]]:
        identity = struct.pack("!HH32xI", port, 0, 0) + _NO_COOKIE
        for message, body in self._ask(_question(kind, identity, states), _REQUEST | _DUMP):
            if message == _NLMSG_ERROR:
                raise _error(body)
            if message != _SOCK_DIAG_BY_FAMILY:
                continue
            # An inet_diag_msg: family, state, timer, retransmissions, then the sockid.
            if state := "LISTEN" if body[1] == _LISTEN else _STATES.get(body[1]):
                sport, dport = struct.unpack_from("!HH", body, 4)
                local, remote = _text(body[0], body[8:24]), _text(body[0], body[24:40])
                yield Endpoint(local, sport), Endpoint(remote, dport), state

    def _ask(self, question: bytes, flags: int) -> Iterator[tuple[int, bytes]]:
        """(type, body) of each answer up to the end of a dump; who expects one answer stops after it."""
        if self._socket is None:
            return
        self._sequence += 1
        header = _HEADER.pack(_HEADER.size + len(question), _SOCK_DIAG_BY_FAMILY, flags, self._sequence, 0)
        self._socket.send(header + question)
        while True:
            data = self._socket.recv(_ROOM)
            at = 0
            while at + _HEADER.size <= len(data):
                length, message, _, sequence, _ = _HEADER.unpack_from(data, at)
                if sequence == self._sequence:  # else a late answer to a question that timed out
                    if message == _NLMSG_DONE:
                        return
                    yield message, data[at + _HEADER.size : at + length]
                at += (length + 3) & ~3


def _question(kind: socket.AddressFamily, identity: bytes, states: int) -> bytes:
    """An inet_diag_req_v2."""
    return _QUESTION.pack(kind, socket.IPPROTO_TCP, 0, 0, states) + identity


def _error(body: bytes) -> OSError:
    code = -int(struct.unpack_from("=i", body)[0])
    return OSError(code, os.strerror(code))


def _text(kind: int, address: bytes) -> str:
    """A dual-stack socket's IPv4 connection is listed under IPv6; its packets are IPv4."""
    if kind == socket.AF_INET6 and address.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, address[12:])
    if kind == socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET6, address)
    return socket.inet_ntop(socket.AF_INET, address[:4])
