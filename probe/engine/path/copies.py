"""Segments of an end that the network may have copied: what a record holds without them."""

from __future__ import annotations

from collections.abc import Sequence

from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq, later


def without_copies(packets: Sequence[Packet], recorded: Sequence[int], *, client: bool) -> list[list[int]]:
    """The places recorded without copies of the segments of one end; empty if there are none.

    A SYN sent again may differ in all but its numbers. Text is a copy where all was sent before, an empty ACK where
    it takes back what the end had acknowledged, or its own number (a keep-alive is but one below): their first
    copies may have been folded away. Others must be equal.
    """
    first: dict[object, int] = {}
    acked: Seq | None = None
    sent: Seq | None = None
    kept = []
    for at in recorded:
        packet, s = packets[at], packets[at].segment
        if packet.from_client != client:
            kept.append(at)
            continue
        if s.flags & (SYN | FIN | RST):
            told = s.ack if s.flags & ACK else None
            key = (s.flags & (SYN | ACK), s.seq, told) if s.flags & SYN else (s.seq, told, s.flags, s.window, s.options)
            copy = first.setdefault(key, at) != at
        elif s.length:
            copy = sent is not None and s.end <= sent
        else:
            copy = (acked is not None and s.ack < acked) or (sent is not None and s.seq < sent - 1)
        if not copy:
            kept.append(at)
            if s.flags & ACK:  # else the field says nothing (RFC 9293 section 3.1)
                acked = s.ack if acked is None else later(acked, s.ack)
            sent = s.end if sent is None or s.flags & SYN else later(sent, s.end)
    return [kept] if len(kept) < len(recorded) else []
