"""The state table of ``pf``, the packet filter of the BSDs, which many a firewall appliance is made of.

Like ``filter`` it follows Guido van Rooij's paper, but in its own way: an empty segment passes wherever its number is,
as long as its ACK field is near; a RST must have the exact number; no flags are forbidden in any state. What passed
moves the entry: ``low`` is the highest number sent, ``high`` the highest that the other end lets in. Written from
FreeBSD's description of itself (pf.conf(5), "stateful tracking") and its source of 2025.
"""

from __future__ import annotations

from dataclasses import dataclass

from probe.engine.path.filter import Label
from probe.spec.segment import ACK, FIN, OPENING, RST, SYN, WSCALE, Segment
from probe.spec.seq import Seq

_FUDGE = 0xFFFF + 1500
_CLOSED, _SYN_SENT, _ESTABLISHED, _CLOSING, _FIN_WAIT_2, _TIME_WAIT = range(6)
_OPENS, _STANDS, _CLOSES, _CLOSES_TWICE, _OVER = 30, 86400, 900, 45, 90
"""Seconds after which an entry is forgotten, by the states of both ends: its default time-outs."""


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """Its way of keeping state, with the defaults."""

    def table(self) -> Pf:
        """One flow, of which nothing is known yet."""
        return Pf()


@dataclass(slots=True)
class _End:
    """One end: ``most`` is the largest window that it offered, ``shift`` its scale, None if it offers none."""

    state: int = _CLOSED
    low: Seq | None = None
    high: Seq | None = None
    most: int = 1
    shift: int | None = None


class Pf:
    """The table of one flow, where a rule passes SYNs, keeps state, and drops all else that has none."""

    def __init__(self) -> None:
        self._ends: dict[bool, _End] = {}
        self._expires = 0.0
        self._renewed = False
        self.begun_by_tester: bool | None = None

    def is_behind(self, segment: Segment) -> bool:
        """Whether it is a SYN that took the place of a closed connection: an ACK of that one is a bad state now."""
        return self._renewed

    def label(self, time: float, to_peer: bool, segment: Segment) -> Label:
        """What it calls the next segment, seen at ``time`` in seconds."""
        opens = segment.flags & OPENING == SYN
        self._renewed = False
        over = opens and bool(self._ends) and all(end.state >= _FIN_WAIT_2 for end in self._ends.values())
        if over or time > self._expires:
            self.begun_by_tester = None
        if self.begun_by_tester is None:
            if not opens:  # a rule for SYNs looks at SYN and ACK alone
                return Label.NEW if segment.flags & (SYN | ACK) == SYN else Label.INVALID
            self.begun_by_tester, self._renewed = to_peer, over
            first = _End(_SYN_SENT, segment.seq, segment.end + 1, max(segment.window, 1), _scale(segment))
            first.most = _unscaled(first.most, first.shift or 0)
            self._ends = {to_peer: first, not to_peer: _End()}
            self._expires = time + _OPENS
            return Label.NEW
        sender, receiver = self._ends[to_peer], self._ends[not to_peer]
        if not _passes(sender, receiver, segment):
            return Label.INVALID
        self._expires = time + _kept(sender.state, receiver.state)
        return Label.VALID


def _passes(sender: _End, receiver: _End, segment: Segment) -> bool:
    """Whether a segment of a connection that is known passes; if so both ends are as it leaves them."""
    scaled = sender.shift is not None and receiver.shift is not None and not segment.flags & SYN
    own, other = (sender.shift or 0, receiver.shift or 0) if scaled else (0, 0)
    window = segment.window
    if sender.low is None:
        window = _met(sender, receiver, segment)
    low, high = sender.low, sender.high
    assert low is not None
    known = segment.flags & ACK and not (segment.flags & RST and segment.ack == 0) and receiver.state >= _SYN_SENT
    ack = segment.ack if known or receiver.low is None else receiver.low
    skew = 0 if receiver.low is None else receiver.low - ack
    # An empty segment is not asked for its number.
    seq, end = (low, low) if segment.end == segment.seq else (segment.seq, segment.end)
    data_end = end - 1 if segment.flags & FIN else end
    exact = not segment.flags & RST or abs(segment.seq - low) <= 1
    inside = high is None or high - data_end >= 0
    if inside and seq - low >= -(receiver.most << other) and -_FUDGE <= skew <= _FUDGE << own and exact:
        if segment.flags & ACK:
            receiver.state = {_SYN_SENT: _ESTABLISHED, _CLOSING: _FIN_WAIT_2}.get(receiver.state, receiver.state)
    else:
        loose = receiver.state < _SYN_SENT or max(sender.state, receiver.state) >= _FIN_WAIT_2
        if not loose or (high is not None and high + _FUDGE - end < 0) or seq - low < -_FUDGE:
            return False
    sender.most = max(sender.most, window)
    sender.low = end if end - low > 0 else low
    edge = ack + (window << own)
    receiver.high = ack + max(window << own, 1) if receiver.high is None or edge - receiver.high >= 0 else receiver.high
    if segment.flags & FIN:
        sender.state = max(sender.state, _CLOSING)
    if segment.flags & RST:
        sender.state = receiver.state = _TIME_WAIT
    return True


def _met(sender: _End, receiver: _End, segment: Segment) -> int:
    """The first segment of an end; the window it offers, in its own units."""
    window = segment.window
    if segment.flags & SYN and receiver.shift is not None:
        sender.shift = _scale(segment)
        if sender.shift is None:
            receiver.most, receiver.shift = min(receiver.most << receiver.shift, 0xFFFF), None
        else:
            window = _unscaled(window, sender.shift)
    sender.low, sender.state = segment.seq, max(sender.state, _SYN_SENT)
    edge = segment.end + max(receiver.most << (receiver.shift or 0), 1)
    sender.high = edge if sender.high is None or edge - sender.high >= 0 else sender.high
    return window


def _scale(segment: Segment) -> int | None:
    option = segment.option(WSCALE)
    return min(option.data[0], 14) if option is not None and len(option.data) == 1 else None


def _unscaled(window: int, shift: int) -> int:
    return (window + (1 << shift) - 1) >> shift


def _kept(one: int, other: int) -> int:
    """Seconds that an entry with its ends in these states is kept."""
    least, most = sorted((one, other))
    if least >= _FIN_WAIT_2:
        return _OVER
    if least >= _CLOSING:
        return _CLOSES_TWICE
    if least < _ESTABLISHED:
        return _OPENS
    return _CLOSES if most >= _CLOSING else _STANDS
