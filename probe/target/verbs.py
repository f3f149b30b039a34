"""The command line of `probe target`: the octets ``PROBE verb; verb; ...`` become verbs, or a refusal in words.

The first octets of a connection decide. Do they begin with ``PROBE ``, then everything up to the line feed (512 octets
at most, the line feed included) is one command line; what follows it belongs to the stream. Anything else is stream
from the first octet on, and is echoed. Verbs are carried out in order; those that wait hold up the ones after them.

README.md beside this file says what each verb does.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

PREFIX = b"PROBE "
LINE_LIMIT = 512
GREETING = b"probe-target 1\n"

_BOUNDS = {"send": 1 << 30, "wait": 600_000, "read": 1 << 40}
_MOST_ROOM = 1 << 24
_LAST = {"close", "close-unread", "abort", "hold", "stop-reading"}
_PLAIN = {"gather", "hello", "echo", "discard", "eof", "half-close"} | _LAST
_SENDING = {"hello", "send", "echo"}


class RefusedError(ValueError):
    """The command line cannot be carried out; the text says why and fits into the answer."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Where ``connect`` shall go; ``source_port`` and ``room`` 0 let the kernel choose."""

    address: str
    port: int
    source_port: int = 0
    room: int = 0


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: ``number`` is the count or milliseconds of send, read and wait, ``dial`` the aim of connect."""

    name: str
    number: int = 0
    dial: Dial | None = None


def parse(line: bytes) -> tuple[Verb, ...]:
    """The verbs of a whole command line, ``PROBE `` and the line feed included; raises RefusedError."""
    text = line.removeprefix(PREFIX).decode("latin-1").strip()
    verbs: list[Verb] = []
    for part in text.split(";"):
        if not part.split():
            raise RefusedError("empty verb")
        verbs.extend(_verbs(part.split()))
    # Refuse what could never be carried out: a verb behind one that ends the matter, sending after half-close.
    shut = False
    for before, verb in zip((None, *verbs), verbs, strict=False):
        if before and before.name in _LAST:
            raise RefusedError(f"nothing can follow {before.name}")
        if shut and verb.name in _SENDING:
            raise RefusedError(f"{verb.name} cannot follow half-close")
        shut = verb.name != "connect" and (shut or verb.name == "half-close")
    return tuple(verbs)


def _verbs(words: list[str]) -> list[Verb]:
    name, arguments = words[0], words[1:]
    if name == "connect":
        return _connect(arguments)
    if name in _BOUNDS:
        if len(arguments) != 1:
            raise RefusedError(f"{name} takes one number")
        return [Verb(name, _number(arguments[0], _BOUNDS[name]))]
    if name not in _PLAIN:
        raise RefusedError(f"unknown verb {_shown(name)}")
    if arguments:
        raise RefusedError(f"{name} takes no argument")
    return [Verb(name)]


def _connect(arguments: list[str]) -> list[Verb]:
    """`HOST PORT [from PORT] [room N] [verb...]`: the aim, and the new connection's first verb if right behind."""
    if len(arguments) < 2:
        raise RefusedError("connect takes an address and a port")
    host, port, *rest = arguments
    source = 0
    if rest[:1] == ["from"]:
        if len(rest) < 2:
            raise RefusedError("from takes a port")
        source, rest = _port(rest[1]), rest[2:]
    room = 0
    if rest[:1] == ["room"]:
        if len(rest) < 2:
            raise RefusedError("room takes a number")
        room, rest = _number(rest[1], _MOST_ROOM), rest[2:]
    try:
        address = str(ipaddress.ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host))
    except ValueError:
        raise RefusedError(f"{_shown(host)} is not a literal address") from None
    dial = Dial(address, _port(port), source, room)
    return [Verb("connect", dial=dial), *(_verbs(rest) if rest else [])]


def _port(text: str) -> int:
    port = _number(text, 65535)
    if not port:
        raise RefusedError("a port lies between 1 and 65535")
    return port


def _number(text: str, most: int) -> int:
    # isdecimal alone would let other scripts' digits through, and int() endless strings of them.
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= most):
        raise RefusedError(f"{_shown(text)} is not a number from 0 to {most}")
    return int(text)


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "...")
