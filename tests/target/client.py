"""An ordinary kernel client that says in one word what became of its connection."""

from __future__ import annotations

import select
import socket
import struct

PATIENCE = 10.0
QUIET = 0.15  # long enough to catch an answer that should not come


class Client:
    """A connected socket; every wait has a deadline."""

    def __init__(self, where: tuple[str, int], first: bytes = b"") -> None:
        self.sock = socket.create_connection(where, timeout=PATIENCE)
        self.address, self.port = self.sock.getsockname()[:2]
        if first:
            self.send(first)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def finish(self) -> None:
        """Our FIN."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Our RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def read(self, count: int) -> bytes:
        """So many octets; fewer at the end of the stream."""
        got = bytearray()
        while len(got) < count and (more := self.sock.recv(min(count - len(got), 1 << 18))):
            got += more
        return bytes(got)

    def rest(self) -> bytes:
        """Everything up to the peer's FIN."""
        return self.read(1 << 40)

    def silent(self) -> bool:
        """Whether nothing, neither data nor an end, comes for a while."""
        return not select.select([self.sock], [], [], QUIET)[0]

    def was_reset(self) -> bool:
        """Whether the connection ends with a RST."""
        try:
            self.rest()
        except ConnectionResetError:
            return True
        return False

    def still_takes(self) -> bool:
        """Whether the peer's socket still takes data: a fully closed one answers it with a RST."""
        try:
            self.send(b"still there?")
            select.select([self.sock], [], [], QUIET)
            self.send(b"still there?")
        except (ConnectionResetError, BrokenPipeError):
            return False
        return self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
