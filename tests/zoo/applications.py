"""Applications of a model stack: `probe target`, a server of HTTP/1.0, echo, daytime, one that never closes."""

from __future__ import annotations

from collections.abc import Callable

from probe.target.verbs import GREETING, LINE_LIMIT, PREFIX, Dial, RefusedError, Verb, parse
from tests.zoo.connection import Application, Connection

PATTERN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Dials = Callable[[Dial, "Target"], None]


class Echo(Application):
    """Sends back what it reads, closes at the end of file."""

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        connection.send(data)

    def end_of_file(self, connection: Connection, now: float) -> None:
        connection.close()


class Discard(Application):
    """Reads and says nothing; closes at the end of file, or never."""

    def __init__(self, *, closes: bool = True) -> None:
        self._closes = closes

    def end_of_file(self, connection: Connection, now: float) -> None:
        if self._closes:
            connection.close()


class Http(Application):
    """HTTP/1.0: answers the first request with a page and closes; closes at the end of file."""

    def __init__(self) -> None:
        self._asked = b""

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        self._asked += data
        if b"\r\n\r\n" in self._asked:
            self._asked = b""
            connection.send(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
            connection.close()

    def end_of_file(self, connection: Connection, now: float) -> None:
        connection.close()


class Daytime(Application):
    """Says the time and closes, whatever comes (RFC 867); ``after`` a line where that is wanted."""

    def __init__(self, *, after_line: bool = False, silent: bool = False) -> None:
        self._waits, self._silent = after_line, silent
        self._heard = b""

    def begins(self, connection: Connection, now: float) -> None:
        if not self._waits:
            self._tells(connection)

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        self._heard += data
        if self._waits and b"\n" in self._heard:
            self._waits = False
            self._tells(connection)

    def end_of_file(self, connection: Connection, now: float) -> None:
        connection.close()

    def _tells(self, connection: Connection) -> None:
        if not self._silent:
            connection.send(b"Saturday, November 21, 2026 12:00:00-UTC\r\n")
        connection.close()


class Target(Application):
    """`probe target`: does what a command line asks (``probe.target.verbs``); else echoes."""

    def __init__(self, dials: Dials) -> None:
        self._dials = dials
        self._line = b""
        self._verbs: list[Verb] = []
        self._commanded = self._waiting = self._eof = self._held = False
        self._echoes = True
        self._to_read = 0
        self._unread = False

    def commanded(self, verbs: list[Verb]) -> Target:
        """The application of a connection that ``connect`` opens."""
        self._verbs, self._commanded = verbs, bool(verbs)
        return self

    def begins(self, connection: Connection, now: float) -> None:
        self._go_on(connection, now)

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        if self._unread:
            connection.abort()  # text is left unread (RFC 9293 section 3.6.1, SHLD-3)
            return
        if not self._commanded:
            self._line += data
            if not self._line.startswith(PREFIX[: len(self._line)]):
                self._commanded, rest = True, self._line
                self._stream(connection, rest, now)
                return
            line, feed, rest = self._line.partition(b"\n")
            if not feed and len(self._line) <= LINE_LIMIT:
                return
            self._commanded = True
            try:
                self._verbs = list(parse(line + b"\n"))
            except RefusedError as error:
                connection.send(f"ERR {error}\n".encode())
                connection.close()
                return
            self._go_on(connection, now)
            if rest:
                self._stream(connection, rest, now)
            return
        self._stream(connection, data, now)

    def _stream(self, connection: Connection, data: bytes, now: float) -> None:
        if self._to_read:
            self._to_read = max(0, self._to_read - len(data))
        if self._echoes and not self._held:
            connection.send(data)
        if not self._to_read:
            self._go_on(connection, now)

    def end_of_file(self, connection: Connection, now: float) -> None:
        self._eof = True
        self._go_on(connection, now)
        if not self._verbs and not self._waiting and not self._held:
            connection.close()

    def wakes(self, connection: Connection, now: float) -> None:
        self._waiting = False
        self._go_on(connection, now)
        if self._eof and not self._verbs and not self._held and not self._waiting:
            connection.close()

    def _go_on(self, connection: Connection, now: float) -> None:
        while self._verbs and not self._waiting and not self._to_read:
            verb = self._verbs[0]
            if verb.name == "eof" and not self._eof:
                return
            self._verbs.pop(0)
            self._does(verb, connection, now)

    def _does(self, verb: Verb, connection: Connection, now: float) -> None:
        match verb.name:
            case "hello":
                connection.send(GREETING)
            case "echo" | "discard":
                self._echoes = verb.name == "echo"
            case "send":
                connection.send((PATTERN * (verb.number // len(PATTERN) + 1))[: verb.number])
            case "wait":
                self._waiting, connection.alarm = True, now + verb.number / 1000
            case "read":
                self._to_read = verb.number
            case "close" | "half-close":
                self._echoes = False
                connection.close()
            case "close-unread":
                self._unread = True
            case "abort":
                connection.abort()
            case "hold":
                self._held, self._echoes = True, False
            case "stop-reading":
                self._held, self._echoes, connection.reading = True, False, False
            case "connect" if verb.dial is not None:
                rest, self._verbs = self._verbs, []
                self._dials(verb.dial, Target(self._dials).commanded(rest))
