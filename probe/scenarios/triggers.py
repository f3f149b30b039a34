"""How the application behind the port is brought to act: by `probe target`, by itself, by HTTP/1.0, by a farewell."""

from __future__ import annotations

from dataclasses import dataclass, field

TAKEN = 1 << 18
"""Octets: a page is shorter."""
LITTLE_TAKEN = 1 << 12
"""The same where nothing is known yet of a server: no greeting is that long."""
LEAST_TAKEN = 1 << 8
"""The same of one that sends without end (RFC 864): it must not keep every exchange busy."""
_WORD_SIZE = 1 << 12
ANY = "any line"
WORDS = {
    ANY: b"PROBE /0123456789abc".ljust(_WORD_SIZE, b"x"),
    **{
        name: begins.ljust(_WORD_SIZE, b"\0")
        for name, begins in {
            "TLS": b"\x16\x03\x01\x10\x00\x01\x00\x0f\xfc\x03\x03",
            "MQTT": b"\x10\xfb\x1f\x00\x04MQTT\x04\x02\x00\x3c",
            "pkt-line": b"1000git-upload-pack /",
            "a length of four octets": b"\x00\x00\x10\x00\x00\x03\x00\x00",  # PostgreSQL, Kafka and others
            "MySQL": b"\xfb\x0f\x00\x01",
            "BER": b"\x30\x82\x10\x00\x02\x01\x01",  # LDAP
            "TPKT": b"\x03\x00\x10\x00\x0f\xe0",  # RDP and others, RFC 1006
        }.items()
    },
}
"""Beginnings of long messages: a server of that protocol waits for the rest, and many end a connection over any other.
A server of HTTP waits for that of the request (nginx refuses one as soon as it cannot be any), as most do of a line."""
HELLO = b"PROBE hello\n"
HELLO_ANSWER = b"probe-target 1\n"

_TARGET = {
    "close": "close",
    "close on end of file": "eof; close",
    "close 200 ms after end of file": "eof; wait 200; close",
    "send after end of file": "eof; send 100; wait 100; close",
    "half-close": "half-close",
    "hold": "hold",
    "send and hold": "send 10; hold",
    "close with data unread": "close-unread",
    "abort": "abort",
    "hello": "hello",
    "connect": "connect {address} {port}",
    "connect and never read": "connect {address} {port} room 1200; stop-reading",
    "send and close": "send 10; close",
    "send and half-close": "send 10; half-close",
    "send two pieces": "gather; discard; send 10; send 1000; hold",
    "send two pieces twice": "gather; discard; send 10; send 1000; read 1; send 10; send 2000; hold",
    "send at end of file, then hold": "eof; send 10; hold",
    "send at end of file, then close": "eof; send 10; close",
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """A way to make the peer's application act. ``lines`` maps a command to the octets that ask for it.

    In the line of ``connect`` stand ``{address}`` and ``{port}`` for where we wait. ``answers`` says that a line is an
    answer: it is sent once the application has said something. Where a line is empty nothing need be sent.
    ``obedient`` says that the application does nothing it was not asked for, so an unasked RST is the stack's doing;
    ``leaves``, that it was seen to end connections which nobody asked it to end, so that one may well be its doing;
    ``at_once``, that it does so as soon as a connection stands: whatever is asked then would race with that.
    ``word`` is what all text of ours must begin with, where the application bears nothing else (``WORDS``).
    ``taken`` octets of its text are taken in a connection before ours is closed. ``note`` is what was found out about
    it, ``tried`` what was tried in vain, both for people.
    """

    kind: str
    lines: dict[str, bytes] = field(default_factory=dict)
    obedient: bool = False
    leaves: bool = False
    at_once: bool = False
    answers: bool = False
    word: bytes = b""
    taken: int = TAKEN
    note: str = ""
    tried: tuple[str, ...] = ()

    def line(self, command: str) -> bytes | None:
        """The octets to send, or None when this trigger cannot ask for it."""
        return self.lines.get(command)

    def __str__(self) -> str:
        return f"{self.kind} ({self.note})" if self.note else self.kind


NONE = Trigger("none")
TARGET = Trigger("target", {name: f"PROBE {verbs}\n".encode() for name, verbs in _TARGET.items()}, obedient=True)
WAIT = Trigger("wait", {"close": b""}, leaves=True, at_once=True)
"""A server that closes by itself: it is not asked, as text would meet a closed connection."""
RESETS = Trigger("wait", {"abort": b""}, leaves=True, at_once=True)
"""A server that aborts by itself."""
ITSELF = Trigger("itself", {"connect": b"", "close": b""})
"""A client that comes, and closes, of itself."""
HOLD = Trigger("hold", {"hold": b""})
"""A server that never closes, not even when we have: it need not be asked to keep its side open."""
_PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nprobe\n"
HTTP_CLIENT = Trigger("http", {"connect": b"", "close": _PAGE}, answers=True)
"""A client that asks for a page and closes once it has it."""
HTTP = Trigger("http", {"close": b"GET / HTTP/1.0\r\n\r\n"})
NAMED = {trigger.kind: trigger for trigger in (NONE, TARGET, WAIT, HOLD, HTTP)}
"""Those that ``--trigger`` calls by name; any other text is a line."""

_QUIT = b"QUIT\r\n"
_FAREWELLS = (
    (b"SSH-", b"bye\r\n"),  # what is no identification ends it (RFC 4253 section 4.2)
    (b"* ", b"a1 LOGOUT\r\n"),  # IMAP, RFC 9051 section 6.1.3
)
"""How servers begin, and the line that ends a session there; it is QUIT in FTP, SMTP, POP, NNTP, Redis and others."""


def farewell(banner: bytes) -> Trigger:
    """The line that ends a session with a server which begins with ``banner``; empty: it waits for the client."""
    line = next((line for begins, line in _FAREWELLS if banner.startswith(begins)), _QUIT)
    return Trigger("line", {"close": line}, answers=bool(banner), note=_shown(line))


def user_line(text: str) -> Trigger:
    r"""A line of the user that makes the server close first; ``\r``, ``\n``, ``\t`` and ``\\`` are understood."""
    plain = text.encode().decode("unicode_escape").encode("latin-1") if "\\" in text else text.encode()
    line = plain if plain.endswith(b"\n") else plain + b"\r\n"
    return Trigger("line", {"close": line}, note=_shown(line))


def missing(trigger: Trigger, commands: tuple[str, ...]) -> str:
    """Why an exchange with these commands cannot run, or an empty string."""
    lacking = [c for c in commands if trigger.line(c) is None]
    if not lacking:
        return ""
    if lacking != ["close"]:
        return f"the application would have to {lacking[0]}: run probe target on the peer"
    if trigger.tried:
        tried = f"nothing makes this peer close first ({', '.join(trigger.tried)} did not)"
        return f"{tried}: give --trigger LINE with what ends a session there, or run probe target there"
    if trigger.leaves:
        return f"the application behind the port {trigger.note}: run probe target there"
    why = "this peer never closes first" if trigger.kind == HOLD.kind else "nothing was to make this peer close first"
    return f"{why}: give --trigger auto, or run probe target there"


def _shown(line: bytes) -> str:
    return line.decode("latin-1").encode("unicode_escape").decode()
