"""One connection of the target: reads its command line and plays the application the tester asked for."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios
import time
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from probe.target.verbs import GREETING, LINE_LIMIT, PREFIX, Dial, RefusedError, Verb, parse

CHUNK = 65536
_QUEUE_LIMIT = 4 * CHUNK  # above this an echo waits for a slow reader instead of growing
_LAST_READS = 64  # a tester that never stops sending must not keep `close` from closing
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
PATTERN = _ALPHABET * 1024
"""64 KiB; octet i of every ``send N`` is ``PATTERN[i % 64]``."""


class Outbox:
    """A queue of octets bound for a non-blocking socket; a pattern of any length costs next to no memory."""

    __slots__ = ("_chunks", "size")

    def __init__(self) -> None:
        self._chunks: deque[memoryview] = deque()
        self.size = 0

    def put(self, data: bytes) -> None:
        """Queue these octets."""
        self._chunks.append(memoryview(data))
        self.size += len(data)

    def put_pattern(self, count: int) -> None:
        """Queue ``count`` octets of the pattern; the blocks are shared, not copied."""
        whole, rest = divmod(count, len(PATTERN))
        self._chunks.extend(memoryview(PATTERN) for _ in range(whole))
        self._chunks.append(memoryview(PATTERN)[:rest])
        self.size += count

    def flush(self, sock: socket.socket) -> bool:
        """Send until nothing is left (True) or the kernel takes no more (False); OSError when the peer is gone."""
        while self._chunks:
            chunk = self._chunks[0]
            try:
                sent = sock.send(chunk) if chunk else 0
            except BlockingIOError:
                return False
            self.size -= sent
            if sent == len(chunk):
                self._chunks.popleft()
            else:
                self._chunks[0] = chunk[sent:]
        return True


class Host(Protocol):
    """What a connection asks of the server that holds it."""

    def watch(self, connection: Connection, events: int) -> None:
        """Report these epoll events from now on (errors and hang-ups always)."""

    def wake_in(self, connection: Connection, seconds: float) -> None:
        """Call ``on_timer`` after so long."""

    def dial(self, opener: Connection, aim: Dial, script: Iterable[Verb]) -> None:
        """Open a connection out and let it carry out the script; a failure is the tester's to notice."""

    def forget(self, connection: Connection, why: str) -> None:
        """The connection is closed: its descriptor may be used again."""


class Connection:
    """A non-blocking socket and the script its application follows."""

    def __init__(
        self, sock: socket.socket, host: Host, script: Iterable[Verb] = (), *, connecting: bool = False
    ) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.closed = False
        self.active = time.monotonic()
        self.events = select.EPOLLOUT if connecting else select.EPOLLIN
        self._host = host
        self._connecting = connecting
        self._script = deque(script)
        self._command: bytes | None = None if self._script else b""
        self._outbox = Outbox()
        self._echoing = True
        self._eof = False
        self._reading = True
        self._held = False
        self._shut = False
        self._received = 0
        self._until: float | None = None  # what the verb at the head of the script waits for: a time or a count

    def on_events(self, events: int) -> None:
        """Carry on after epoll reported these events."""
        self.active = time.monotonic()
        try:
            self._handle(events)
        except OSError as error:  # reset, timed out, unreachable: the tester's doing, and the end of this connection
            self.close(str(error))
        self._watch()

    def on_timer(self) -> None:
        """Carry on after a time asked for with ``wake_in``."""
        try:
            self._advance()
        except OSError as error:
            self.close(str(error))
        self._watch()

    def close(self, why: str) -> None:
        """Give the socket back: an ordinary close."""
        if not self.closed:
            self.closed = True
            self._host.forget(self, why)
            self.sock.close()

    def abort(self, why: str) -> None:
        """Close with a RST (RFC 9293 section 3.10.5): no lingering, nothing more is sent."""
        if not self.closed:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close(why)

    def _handle(self, events: int) -> None:
        if self._connecting:
            self._raise_pending()
            self._connecting = False
            return self._advance()  # the verbs come before the first text: one of them may be to leave it unread
        if events & (select.EPOLLERR | select.EPOLLHUP) and (self._eof or not self._reading):
            # A reset, or both directions are shut. Neither can be masked, and after either a close shows nothing.
            self._raise_pending()
            return self.close("both directions are closed")
        if events & ~select.EPOLLOUT and self._reading and not self._eof:
            if self._command is not None:
                self._read_command(self._command)
            elif not (self._script and self._script[0].name == "close-unread"):
                self._take(self._receive(CHUNK))
        return self._advance()

    def _raise_pending(self) -> None:
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, f"connection failed with error {code}")

    def _watch(self) -> None:
        if self.closed:
            return
        wanted = 0
        if self._reading and not self._eof and self._outbox.size < _QUEUE_LIMIT:
            wanted |= select.EPOLLIN
        if self._outbox.size or self._connecting:
            wanted |= select.EPOLLOUT
        if wanted != self.events:
            self.events = wanted
            self._host.watch(self, wanted)

    # Reading

    def _receive(self, count: int, flags: int = 0) -> bytes | None:
        try:
            return self.sock.recv(count, flags)
        except BlockingIOError:
            return None

    def _take(self, data: bytes | None) -> None:
        """Stream octets; empty at the end of the stream, None when there was nothing after all."""
        if data == b"":
            self._eof = True
        elif data:
            self._received += len(data)
            if self._echoing and not self._shut:
                self._outbox.put(data)

    def _read_command(self, begun: bytes) -> None:
        """Look before taking: octets behind the line feed must stay in the kernel (``close-unread`` needs them)."""
        ahead = self._receive(CHUNK, socket.MSG_PEEK)
        if ahead is None:
            return
        text = begun + ahead
        end = text.find(b"\n", 0, LINE_LIMIT) + 1
        command = text.startswith(PREFIX)
        if command and end:
            self._receive(end - len(begun))
            try:
                script = parse(text[:end])
            except RefusedError as error:
                return self._refuse(str(error))
            self._command = None
            return self._script.extend(script)
        self._receive(len(ahead) or 1)
        if ahead and len(text) < LINE_LIMIT and PREFIX.startswith(text[: len(PREFIX)]):
            self._command = text
            return None
        if command:
            return self._refuse(f"more than {LINE_LIMIT} octets" if ahead else "the command line has no end")
        self._command = None
        self._take(text or None)
        return None if ahead else self._take(b"")

    def _refuse(self, reason: str) -> None:
        self._command = None
        self._outbox.put(f"ERR {reason}\n".encode("ascii", "backslashreplace"))
        self._script.append(Verb("close"))

    # Acting

    def _advance(self) -> None:
        """Carry out verbs until one has to wait; with none left, follow the tester's close."""
        while self._script and not self.closed:
            if not self._perform(self._script[0]):
                break
            if self._script:
                self._script.popleft()
        if self.closed:
            return
        emptied = self._outbox.flush(self.sock)
        if emptied and self._eof and not self._script and not self._held:
            self.close("end of stream")

    def _perform(self, verb: Verb) -> bool:
        """Do one verb; False when it has to be tried again after the next event."""
        match verb.name:
            case "hello":
                self._outbox.put(GREETING)
            case "echo" | "discard":
                self._echoing = verb.name == "echo"
            case "gather":
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
            case "send":
                self._outbox.put_pattern(verb.number)
            case "wait":
                return self._wait(verb.number / 1000)
            case "read":
                self._until = self._received + verb.number if self._until is None else self._until
                if self._received < self._until and not self._eof:
                    return False
                self._until = None
            case "eof":
                return self._eof
            case "connect":
                rest = list(self._script)[1:]  # these are the new connection's verbs; this one goes on without
                self._script.clear()
                if verb.dial is not None:
                    self._host.dial(self, verb.dial, rest)
            case _:
                return self._end(verb.name)
        return True

    def _end(self, name: str) -> bool:
        """The verbs that end the connection, or its sending half, or leave it for good."""
        match name:
            case "hold":
                self._held, self._echoing = True, False
            case "stop-reading":
                # No small SO_RCVBUF: Linux would take back window it has offered (RFC 9293 section 3.8.6).
                self._held, self._reading = True, False
            case "abort":
                self._outbox.flush(self.sock)
                self.abort("abort")
            case "close-unread":
                return self._close_unread()
            case "half-close":
                if not self._outbox.flush(self.sock):
                    return False
                self.sock.shutdown(socket.SHUT_WR)
                self._shut = True
            case "close":
                return self._close_both()
        return True

    def _wait(self, seconds: float) -> bool:
        now = time.monotonic()
        if self._until is None:
            self._until = now + seconds
            self._host.wake_in(self, seconds)
        if now < self._until:
            return False
        self._until = None
        return True

    def _close_both(self) -> bool:
        """Read what is there first: closing over unread octets would reset (RFC 9293 section 3.6.1)."""
        self._echoing = False
        if not self._outbox.flush(self.sock):
            return False
        for _ in range(_LAST_READS):
            if self._eof or not (data := self._receive(CHUNK)):
                break
            self._take(data)
        self.close("close")
        return True

    def _close_unread(self) -> bool:
        """Close over unread octets, as soon as there are any; an end of stream without any closes as usual."""
        unread = struct.unpack("i", fcntl.ioctl(self.fd, termios.FIONREAD, b"\0" * 4))[0]
        ended = not unread and (self._eof or self._receive(1, socket.MSG_PEEK) == b"")
        if not unread and not ended:
            return False
        self._outbox.flush(self.sock)
        self.close("close over unread octets")
        return True
