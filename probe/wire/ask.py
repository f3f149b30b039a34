"""Asks the application behind a peer's port for something, over an ordinary connection of our own kernel."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from probe.spec.segment import Endpoint, Flow
from probe.wire.addresses import socket_address
from probe.wire.link import Closing

_AT_ONCE = 8
"""Lines under way at a time; each is an ordinary connection of a few milliseconds."""
_PATIENCE = 5.0
_REFUSED_WITHIN = 0.5
"""Seconds a refusal may take once the line is delivered. A peer whose FINs get lost would hold up the next line."""
_PAUSES = (0.2, 0.4, 0.8)
"""Seconds before a connection that was refused is tried again: there may be a limit on SYNs, which refuses some."""


class Asker(Closing):
    """Sends lines to the application at ``target``; does not make the caller wait. ``failures`` are sentences."""

    def __init__(self, target: Endpoint, *, zone: str = "") -> None:
        self.target = target
        self.failures: list[str] = []
        self._zone = zone
        self._over = Event()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask")

    def ask(self, flow: Flow, line: bytes) -> None:
        """Send the line with flow.local in place of ``{address}`` and ``{port}``."""
        address = flow.local.address + self._zone
        filled = line.replace(b"{address}", address.encode()).replace(b"{port}", str(flow.local.port).encode())
        self._threads.submit(self._tell, filled)

    def _tell(self, line: bytes) -> None:
        """Deliver the line and read what is answered."""
        host = self.target.address + self._zone
        try:
            with self._connected(socket_address(host, self.target.port)[:2]) as sock:
                sock.sendall(line)
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(_REFUSED_WITHIN)
                answer = b""
                # Where the peer neither answers nor closes, what was asked is seen elsewhere.
                with suppress(TimeoutError):
                    while more := sock.recv(4096):
                        answer += more
        except OSError as error:
            self.failures.append(f"{self.target} could not be asked to open a connection ({error})")
            return
        if answer.startswith(b"ERR"):
            said = answer.decode("ascii", "replace").strip()
            self.failures.append(f"{self.target} refused to open a connection: {said}")

    def _connected(self, address: tuple[str, int]) -> socket.socket:
        for pause in _PAUSES:
            with suppress(ConnectionRefusedError):
                return socket.create_connection(address, _PATIENCE)
            if self._over.wait(pause):
                break
        return socket.create_connection(address, _PATIENCE)

    def close(self) -> None:
        """Wait for what is under way."""
        self._over.set()
        self._threads.shutdown(cancel_futures=True)
