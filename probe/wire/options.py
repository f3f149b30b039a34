"""TCP options between `Option` records and header bytes (RFC 9293 section 3.1), impossible lengths included."""

from __future__ import annotations

from functools import lru_cache

from probe.spec.segment import EOL, MSS, NOP, SACK, SACK_PERMITTED, TIMESTAMPS, WSCALE, Option

ROOM = 40
"""Octets the data offset leaves for options: 15 words less the fixed five."""

PAST = "past the header"
CUT = "no length"
_LENGTH = "length "

# The length octet each kind must carry: RFC 9293 section 3.2, RFC 7323 sections 2.2 and 3.2, RFC 2018 sections 2 and 3.
_DUE = {MSS: (4,), WSCALE: (3,), SACK_PERMITTED: (2,), TIMESTAMPS: (10,), SACK: (10, 18, 26, 34)}


@lru_cache(maxsize=4096)
def encode(options: tuple[Option, ...]) -> bytes:
    """The options as header bytes, padded with zeros to whole words; faulty lengths are written as they stand.

    Fault ``length N`` writes N in the length octet, ``past the header`` writes 255, ``no length`` only the kind.
    Raises ValueError when they need more than the 40 octets a header has.
    """
    data = b""
    for option in options:
        data += bytes((option.kind,))
        if option.kind in (EOL, NOP):
            data += option.data
        elif option.fault != CUT:
            length = len(option.data) + 2
            if option.fault == PAST:
                length = 255
            elif option.fault.startswith(_LENGTH):
                length = int(option.fault.removeprefix(_LENGTH))
            data += bytes((length,)) + option.data
    data += bytes(-len(data) % 4)
    if len(data) > ROOM:
        raise ValueError(f"the options take {len(data)} octets, a TCP header has room for {ROOM}")
    return data


@lru_cache(maxsize=8192)
def parse(data: bytes) -> tuple[Option, ...]:
    """The options in the bytes between fixed header and data offset; never raises.

    An option that makes the rest unreadable is the last one and keeps the rest as its data. ``EOL`` keeps the
    padding after it only where that is not zero (RFC 9293 section 3.1, MUST-69).
    """
    found: list[Option] = []
    at = 0
    while at < len(data):
        option, size = _parse_one(data, at)
        found.append(option)
        at += size
    return tuple(found)


def _parse_one(data: bytes, at: int) -> tuple[Option, int]:
    """The option that starts at ``at`` and how many octets it takes."""
    kind = data[at]
    room = len(data) - at
    if kind == NOP:
        return _NOP, 1
    if kind == EOL:
        rest = data[at + 1 :]
        return Option(EOL, rest if any(rest) else b""), room
    if room == 1:
        return Option(kind, b"", CUT), 1
    length = data[at + 1]
    if length < 2:
        return Option(kind, data[at + 2 :], f"{_LENGTH}{length}"), room
    if length > room:
        return Option(kind, data[at + 2 :], PAST), room
    fault = "" if length in _DUE.get(kind, (length,)) else f"{_LENGTH}{length}"
    return Option(kind, data[at + 2 : at + length], fault), length


_NOP = Option(NOP)
