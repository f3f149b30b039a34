"""Connections written by hand, one line a packet, numbers counted from the ISNs; both ISNs lie so that they wrap."""

from __future__ import annotations

from probe.results.connection import Packet
from probe.spec.segment import ACK, Segment, parse_flags
from probe.spec.seq import Seq
from tests.helpers.blocks import P, T

STEP = 0.25
"""Seconds between two packets: a power of two, so that sums are exact."""


def talk(text: str) -> list[Packet]:
    """Packets separated by commas: ``> S 0, < S. 0 1, > P. 1 1 20 w0``.

    Each is direction (``>`` from the client), flags, sequence number, acknowledgment number, payload octets, and the
    window after a ``w``; what is left out at the end is 0 (the window: 1000).
    """
    return [_packet(number, line.split()) for number, line in enumerate(text.split(","), 1)]


def _packet(number: int, words: list[str]) -> Packet:
    window = 1000
    if words[-1].startswith("w"):
        window = int(words.pop()[1:])
    by_client = words[0] == ">"
    flags = parse_flags(words[1])
    seq, ack, length = ([int(word) for word in words[2:]] + [0, 0, 0])[:3]
    mine, other = (T, P) if by_client else (P, T)
    segment = Segment(mine + seq, other + ack if flags & ACK else Seq(0), flags, window, length)
    return Packet(number, number * STEP, by_client, segment)
