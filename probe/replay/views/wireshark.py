"""Wireshark's view of a connection: which segments are one stream, and the stream's completeness number.

Both follow ``tshark -2 -T fields -e tcp.stream -e tcp.completeness`` (4.0): two passes, the highest number that any
packet of the stream is shown with. Wireshark's own looseness is kept, so that users can compare:

- the SYN counts only where it is the very first segment of its stream, its payload (Fast Open) only where no earlier
  stream had the same four-tuple;
- any payload counts as DATA: keep-alives, window probes and retransmissions too, in a segment with ACK, without SYN;
- any segment with ACK, without SYN and without payload counts as ACK: a FIN and a RST too;
- a FIN counts only with ACK, a RST always;
- numbers are never looked at, except to tell a reused four-tuple from a repeated SYN (``starts_new``);
- a segment whose data offset is below five words counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq

SAW_SYN, SAW_SYN_ACK, SAW_ACK, SAW_DATA, SAW_FIN, SAW_RST = (1 << bit for bit in range(6))
"""The bits of the completeness number."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The ISN of each end as Wireshark takes it from the stream so far; None before anything told."""

    client: Seq | None = None
    server: Seq | None = None


def starts_new(numbers: Numbers, segment: Segment, *, from_client: bool) -> bool:
    """Whether a segment on a known four-tuple begins a new stream.

    Only a SYN without ACK does, and only where its number is not the ISN that its sender is known by: the same number
    again is a retransmission, however much later, and the first segment ever of that end (the other half of a
    simultaneous open) belongs to the stream. A SYN,ACK never begins one.
    """
    known = numbers.client if from_client else numbers.server
    return segment.flags & (SYN | ACK) == SYN and known is not None and segment.seq != known


def after(numbers: Numbers, segment: Segment, *, from_client: bool) -> Numbers:
    """What is known of the ISNs once the segment has passed; start with ``Numbers()`` in each new stream.

    An end's first segment tells its ISN (SEQ, or SEQ - 1 without SYN), and so does the first acknowledgment of an end
    not yet heard (ACK - 1). A SYN,ACK with another number than the known one replaces it.
    """
    mine, other = (numbers.client, numbers.server) if from_client else (numbers.server, numbers.client)
    if mine is not None and segment.has(SYN | ACK):
        mine = segment.seq
    if "header past the end" in segment.faults:  # its length is not known: no analysis of its numbers
        return Numbers(mine, other) if from_client else Numbers(other, mine)
    if mine is None:
        mine = segment.seq if segment.flags & SYN else segment.seq - 1
    if other is None and segment.flags & ACK:
        other = segment.ack - 1
    return Numbers(mine, other) if from_client else Numbers(other, mine)


def completeness(packets: Sequence[Packet], *, reused: bool = False) -> int:
    """Wireshark's completeness of the packets of one stream, in the order of the file; O(n).

    ``reused``: an earlier stream of the capture had the same four-tuple.
    """
    if not packets:
        return 0
    first = packets[0].segment
    # What the first segment tells in the first pass, where only a reused four-tuple has it counted in full.
    if first.flags & (SYN | ACK) != SYN or "short header" in first.faults:
        bits = SAW_SYN if reused else 0
    else:
        bits = SAW_SYN | (_told(first) if reused else SAW_DATA if first.length else 0)
    # Only the second pass counts the first segment's other flags, and shows them from the second segment on.
    for packet in packets if len(packets) > 1 else ():
        bits |= _told(packet.segment)
    return bits


def _told(segment: Segment) -> int:
    flags = segment.flags
    if "short header" in segment.faults:
        return 0
    bits = SAW_RST if flags & RST else 0
    if flags & ACK:
        bits |= SAW_SYN_ACK if flags & SYN else SAW_DATA if segment.length else SAW_ACK
        bits |= SAW_FIN if flags & FIN else 0
    return bits
