"""The target's one loop: listening sockets, connections, timers; nothing a peer sends or leaves undone stops it."""

from __future__ import annotations

import errno
import heapq
import resource
import select
import socket
import time
from collections.abc import Callable, Iterable, Sequence

from probe.target.connection import Connection
from probe.target.verbs import Dial, Verb

Note = Callable[[str], None]

_BATCH = 512  # events taken, and connections accepted, before everybody else gets a turn
_SPARE = 64  # descriptors kept for listeners, standard streams and whatever the interpreter opens
_IDLE = 30.0  # seconds without an event before a connection may be sacrificed for a new one
_PAUSE = 0.1  # seconds before accept is tried again after the system ran out of something
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# Linux only (linux/in.h): bind to an address, and leave the port to connect(), which may share it among peers.
_BIND_ADDRESS_NO_PORT = 24


class Server:
    """Serves the given listening sockets until one of ``stops`` becomes readable or hangs up."""

    def __init__(self, listeners: Sequence[socket.socket], stops: Iterable[int], note: Note) -> None:
        self._epoll = select.epoll()
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._stops = set(stops)
        self._note = note
        self._connections: dict[int, Connection] = {}  # by descriptor, the longest untouched first
        self._timers: list[tuple[float, int, Connection]] = []
        self._dials: list[tuple[str, Dial, Iterable[Verb]]] = []
        self._turns = 0
        self._resume: float | None = None
        self._room = max(16, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE, 50_000))
        for fd in [*self._listeners, *self._stops]:
            self._epoll.register(fd, select.EPOLLIN)

    def run(self) -> None:
        """Serve until told to stop; then close every connection."""
        try:
            while self._turn():
                pass
        finally:
            for connection in list(self._connections.values()):
                connection.close("the target stops")
            self._epoll.close()

    def _turn(self) -> bool:
        times = [self._timers[0][0]] if self._timers else []
        if self._resume is not None:
            times.append(self._resume)
        batch = self._epoll.poll(max(0.0, min(times) - time.monotonic()) if times else -1, _BATCH)
        for fd, events in batch:
            if connection := self._connections.pop(fd, None):
                self._connections[fd] = connection  # behind all others: the longest untouched stands first
                connection.on_events(events)
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2].on_timer()
        if self._resume is not None and self._resume <= now:
            self._pause_accept(None)
        # New sockets come last: a descriptor closed above may come back, and the batch must not be taken for its own.
        for local, aim, script in self._dials:
            try:
                if self._make_room():
                    self._add(Connection(_dialled(local, aim), self, script, connecting=True))
            except OSError as error:
                self._note(f"connect to {aim.address} port {aim.port} failed: {error}")
        self._dials.clear()
        for fd, _ in batch:
            if fd in self._listeners:
                self._accept(self._listeners[fd])
        return not any(fd in self._stops for fd, _ in batch)

    # Accepting

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_BATCH):
            if not self._make_room():
                return self._pause_accept(time.monotonic() + _PAUSE)
            try:
                sock, _peer = listener.accept()
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._note(f"accepting pauses: {error.strerror}")
                    return self._pause_accept(time.monotonic() + _PAUSE)
                continue  # the connection died in the queue (accept(2) "Error handling")
            sock.setblocking(False)
            self._add(Connection(sock, self))
        return None

    def _make_room(self) -> bool:
        """Whether one more connection may come, if need be for the one that has been idle longest."""
        if len(self._connections) < self._room:
            return True
        oldest = next(iter(self._connections.values()))
        if time.monotonic() - oldest.active < _IDLE:
            return False
        oldest.abort("idle, and its place is needed")
        return True

    def _pause_accept(self, until: float | None) -> None:
        self._resume = until
        for fd in self._listeners:
            self._epoll.modify(fd, select.EPOLLIN if until is None else 0)

    def _add(self, connection: Connection) -> None:
        self._connections[connection.fd] = connection
        self._epoll.register(connection.fd, connection.events)

    # What connections ask for (the Host protocol)

    def watch(self, connection: Connection, events: int) -> None:
        """Report these epoll events of the connection from now on."""
        self._epoll.modify(connection.fd, events)

    def wake_in(self, connection: Connection, seconds: float) -> None:
        """Call the connection's ``on_timer`` after so long."""
        self._turns += 1  # breaks ties, connections have no order
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._turns, connection))

    def dial(self, opener: Connection, aim: Dial, script: Iterable[Verb]) -> None:
        """Open a connection from the address the opener is served on; whether it comes about is the tester's to see."""
        try:
            local = opener.sock.getsockname()[0]
        except OSError:  # no longer known of a socket that was reset: any address will do
            local = ""
        self._dials.append((local, aim, script))

    def forget(self, connection: Connection, why: str) -> None:
        """The connection is about to close its descriptor."""
        self._note(f"connection {connection.fd} ends: {why}")
        del self._connections[connection.fd]
        self._epoll.unregister(connection.fd)


def _dialled(local: str, aim: Dial) -> socket.socket:
    """A socket whose SYN is under way, from the local address if that is of the same family; raises OSError."""
    family = socket.AF_INET6 if ":" in aim.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if aim.room:  # before the SYN, which tells the window: taken back later, it would shrink (RFC 9293 3.8.6)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, aim.room)
        if not aim.source_port:
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        same_family = bool(local) and (":" in local) == (":" in aim.address)
        # Numeric, so nothing is looked up; only getaddrinfo turns the zone of fe80::1%eth0 into a scope.
        for address, port, use in (
            (local if same_family else None, aim.source_port, sock.bind),
            (aim.address, aim.port, sock.connect),
        ):
            flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV | (0 if address else socket.AI_PASSIVE)
            use(socket.getaddrinfo(address, port, family, socket.SOCK_STREAM, flags=flags)[0][4])
    except BlockingIOError:
        return sock
    except OSError:
        sock.close()
        raise
    return sock
