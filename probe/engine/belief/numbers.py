"""Canonical numbers: what is left of a segment once both ISNs lie at fixed places and what never decides is gone."""

from __future__ import annotations

from typing import NamedTuple

from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.segment import ACK, RST, SYN, Option, Segment
from probe.spec.seq import Seq

_ZERO = Seq(0)


class Sight(NamedTuple):
    """One segment of one direction in canonical numbers, without what never decides."""

    to_peer: bool
    seq: Seq
    ack: Seq
    flags: int
    window: int
    length: int
    options: tuple[Option, ...]
    faults: tuple[str, ...]

    def segment(self) -> Segment:
        """The same as a segment."""
        return Segment(self.seq, self.ack, self.flags, self.window, self.length, b"", self.options, faults=self.faults)


class Numbers:
    """Turns the numbers of one connection into canonical ones: both ISNs at fixed places.

    The sequence number 0 of a RST,ACK for no connection (RFC 9293 section 3.10.7.1) is absolute and stays 0; the tester
    sends such a one only before any number of its own, else it is one of the connection that happens to be 0. That of
    the peer is of the connection where the tester's last segment acknowledged just that number (section 3.5.2 group 2).
    """

    __slots__ = ("_acked_zero", "_refused", "peer", "tester")

    def __init__(self) -> None:
        self.tester: Seq | None = None
        self.peer: Seq | None = None
        self._refused = self._acked_zero = False

    def canonical(self, segment: Segment, to_peer: bool) -> Segment:
        """The segment with canonical numbers and without what never decides (payload octets, urgent pointer)."""
        return self.sight(segment, to_peer).segment()

    def sight(self, segment: Segment, to_peer: bool) -> Sight:
        """What is left of the segment for the tracker, in a form that is quick to look up."""
        flags, seq, ack = segment.flags, segment.seq, segment.ack
        absolute = _is_refusal(segment) and (self.tester is None if to_peer else not self._acked_zero)
        if to_peer and self.tester is None:
            self._refused |= absolute
            self.tester = None if absolute else seq
        if to_peer:
            self._acked_zero = ack == 0 and flags & ACK != 0
        if not to_peer and self.peer is None and flags & SYN:
            self.peer = seq
        own, other = (self._tester, self._peer) if to_peer else (self._peer, self._tester)
        return Sight(
            to_peer,
            seq if absolute else own(seq),
            other(ack) if flags & ACK else _ZERO,
            flags & 0x3F,
            segment.window,
            segment.length,
            segment.options,
            segment.faults,
        )

    def text(self, segment: Segment, to_peer: bool) -> str:
        """A segment that was taken, in tcpdump's notation, with numbers relative to the ISNs."""
        own, other = (self.tester, self.peer) if to_peer else (self.peer, self.tester)
        return segment.text(None if _is_refusal(segment) and (self._refused or not to_peer) else own, other)

    def _tester(self, number: Seq) -> Seq:
        return number if self.tester is None else TESTER_ISN + (number - self.tester)

    def _peer(self, number: Seq) -> Seq:
        return number if self.peer is None else PEER_ISN + (number - self.peer)


def _is_refusal(segment: Segment) -> bool:
    return segment.seq == 0 and segment.has(RST | ACK)
