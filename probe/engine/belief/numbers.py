"""Canonical numbers: what is left of a segment once both ISNs lie at fixed places and what never decides is gone."""

from __future__ import annotations

from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.segment import ACK, RST, SYN, Option, Segment
from probe.spec.seq import Seq

Sight = tuple[bool, int, int, int, int, int, int, tuple[Option, ...], tuple[str, ...]]
"""One segment, quick to make and to look up: to the peer or not, distances of SEQ and ACK from the ISNs, flags, window,
length, reserved bits, options, faults. The tracker does not heed the reserved bits, but a verdict does."""


def segment_of(sight: Sight) -> Segment:
    """The segment with canonical numbers."""
    to_peer, seq, ack, flags, window, length, _, options, faults = sight
    own, other = (TESTER_ISN, PEER_ISN) if to_peer else (PEER_ISN, TESTER_ISN)
    answers = other + ack if flags & ACK else Seq(0)
    return Segment(own + seq, answers, flags, window, length, options=options, faults=faults)


class Numbers:
    """Turns the numbers of one connection into canonical ones: both ISNs at fixed places.

    The sequence number 0 of a RST,ACK for no connection (RFC 9293 section 3.10.7.1) is absolute and stays 0; the tester
    sends such a one only before any number of its own, else it is one of the connection that happens to be 0. That of
    the peer is of the connection where the tester's last segment acknowledged just that number (section 3.5.2 group 2).
    """

    __slots__ = ("_acked_zero", "_guessed", "_refused", "peer", "tester")

    def __init__(self) -> None:
        self.tester: Seq | None = None
        self.peer: Seq | None = None
        self._refused = self._acked_zero = self._guessed = False

    def canonical(self, segment: Segment, to_peer: bool) -> Segment:
        """The segment with canonical numbers and without what never decides (payload octets, urgent pointer)."""
        return segment_of(self.sight(segment, to_peer))

    def sight(self, segment: Segment, to_peer: bool) -> Sight:
        """What is left of the segment for the tracker. Numbers count from the canonical ISN until the own is known."""
        flags, seq, ack = segment.flags, segment.seq, segment.ack
        absolute = not seq and _is_refusal(segment) and (self.tester is None if to_peer else not self._acked_zero)
        if to_peer:
            if self.tester is None:
                self._refused |= absolute
                self.tester = None if absolute else seq
            self._acked_zero = not ack and flags & ACK != 0
        elif flags & SYN and (self.peer is None or self._guessed):
            self.peer, self._guessed = seq, False
        elif self.peer is None and flags & (SYN | RST | ACK) == ACK:
            self.peer, self._guessed = seq - 1, True  # its SYN was lost; this has the number after it
        tester = TESTER_ISN if self.tester is None else self.tester
        peer = PEER_ISN if self.peer is None else self.peer
        own, other = (tester, peer) if to_peer else (PEER_ISN if absolute else peer, tester)
        return _relative(segment, to_peer, own, other)

    def ahead(self, segment: Segment) -> Sight:
        """What is left of one of the tester's that is still to be sent."""
        first = TESTER_ISN if not segment.seq and _is_refusal(segment) else segment.seq
        own = first if self.tester is None else self.tester
        return _relative(segment, True, own, PEER_ISN if self.peer is None else self.peer)

    def text(self, segment: Segment, to_peer: bool) -> str:
        """A segment that was taken, in tcpdump's notation, with numbers relative to the ISNs."""
        own, other = (self.tester, self.peer) if to_peer else (self.peer, self.tester)
        return segment.text(None if _is_refusal(segment) and (self._refused or not to_peer) else own, other)


def _relative(segment: Segment, to_peer: bool, own: Seq, other: Seq) -> Sight:
    flags = segment.flags
    return (
        to_peer,
        segment.seq - own,
        segment.ack - other if flags & ACK else 0,
        flags & 0x3F,
        segment.window,
        segment.length,
        segment.reserved,
        segment.options,
        segment.faults,
    )


def _is_refusal(segment: Segment) -> bool:
    return segment.seq == 0 and segment.has(RST | ACK)
