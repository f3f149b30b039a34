"""The two ends of a connection as Zeek's TCP analyzer sees them: their states, and the numbers it keeps of them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import Enum, auto

from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq


class State(Enum):
    """Zeek's own states of an end; PARTIAL began in mid-connection."""

    INACTIVE = auto()
    SYN_SENT = auto()
    SYN_ACK_SENT = auto()
    ESTABLISHED = auto()
    PARTIAL = auto()
    CLOSED = auto()
    RESET = auto()


SILENT = {State.INACTIVE, State.PARTIAL}
OPENING = {State.SYN_SENT, State.SYN_ACK_SENT}


@dataclass(slots=True)
class End:
    """One end. Its numbers are counted from the ISN, which is 0; ``last`` and ``acked`` are the highest.

    ``edge``: the octets below it were seen or given up; ``early`` are those that wait for a hole before them.
    """

    client: bool
    state: State = State.INACTIVE
    before: State = State.INACTIVE
    last: int = 0
    acked: int = 0
    fin: int | None = None
    edge: int = 1
    early: list[tuple[int, int]] = field(default_factory=list)
    noted: dict[str, int] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    _near: Seq = Seq(0)
    _near_count: int = 0

    def begin(self, isn: Seq, last: int = 0) -> None:
        """Count from this ISN."""
        self._near, self._near_count = isn, 0
        self.last, self.acked = last, 0

    def count(self, number: Seq) -> int:
        """The number, counted from the ISN."""
        return self._near_count + (number - self._near)

    def advance(self, last: int) -> None:
        """``last`` is the highest number now."""
        self._near, self._near_count, self.last = self._near + (last - self._near_count), last, last

    def become(self, state: State) -> None:
        """Enter a state."""
        if state is not self.state:
            self.before, self.state = self.state, state

    @property
    def clean(self) -> bool:
        """Established, or closed by FIN from there."""
        return self.state is State.ESTABLISHED or (self.state is State.CLOSED and self.before is State.ESTABLISHED)

    @property
    def size(self) -> int:
        """Octets sent, by the numbers."""
        return max(0, max(self.last, self.acked) - 1 - (self.fin is not None))

    def seen(self, start: int, end: int) -> None:
        """Octets came."""
        heapq.heappush(self.early, (start, end))
        self._join()

    def _join(self) -> None:
        while self.early and self.early[0][0] <= self.edge:
            self.edge = max(self.edge, heapq.heappop(self.early)[1])

    def holes(self, upto: int) -> int:
        """How many holes there are below ``upto``; they are given up."""
        if self.fin is not None:
            upto = min(upto, self.fin - 1)
        found = 0
        while self.edge < upto:
            found += 1
            self.edge = min(upto, self.early[0][0]) if self.early else upto
            self._join()
        return found


def octets(segment: Segment) -> int:
    """How far the segment moves the sequence number; the payload of a RST is no part of the stream."""
    return segment.seg_len - (segment.length if segment.flags & RST else 0)


def begin(end: End, segment: Segment) -> None:
    """Take the ISN from the end's first segment, and anew from a SYN that opens again."""
    after = octets(segment)
    if end.state is State.INACTIVE:
        if segment.flags & SYN:
            end.begin(segment.seq, after)
        else:
            end.begin(segment.seq - 1, 1)
    elif segment.flags & SYN and _opens_again(end, segment):
        end.begin(segment.seq, after)


def _opens_again(end: End, segment: Segment) -> bool:
    if end.state in OPENING:
        return end.count(segment.seq) != 0
    return end.state in {State.ESTABLISHED, State.PARTIAL} or (
        end.state is State.RESET and end.before is State.INACTIVE
    )


def step(end: End, peer: End, segment: Segment) -> None:
    """What the segment makes of its sender's state."""
    flags = segment.flags
    if end.state is State.INACTIVE:
        _first(end, peer, segment)
    elif end.state in OPENING:
        if flags & FIN:
            end.become(State.CLOSED)
        if flags & RST:
            end.become(State.RESET)
    elif end.state in (State.ESTABLISHED, State.PARTIAL):
        _established(end, peer, flags)
    elif end.state is State.CLOSED and flags & RST and peer.state is not State.CLOSED:
        end.become(State.RESET)


def _first(end: End, peer: End, segment: Segment) -> None:
    flags = segment.flags
    if flags & SYN and end.client:
        end.become(State.SYN_ACK_SENT if flags & ACK else State.SYN_SENT)
    elif flags & SYN:
        if peer.state is State.SYN_SENT:
            peer.become(State.ESTABLISHED)
        end.become(State.ESTABLISHED)
    if flags & FIN:
        end.become(State.CLOSED)
    if flags & RST:
        end.become(State.RESET)
    if end.state is not State.INACTIVE:
        return
    if not end.client and not segment.length and peer.state is State.SYN_SENT:
        return  # an ACK of the SYN before the SYN,ACK makes no connection in the middle
    end.become(State.ESTABLISHED if flags & ACK and peer.state is State.ESTABLISHED else State.PARTIAL)


def _established(end: End, peer: End, flags: int) -> None:
    if flags & (SYN | ACK) == SYN and end.state is State.PARTIAL and peer.state is State.INACTIVE:
        end.become(State.SYN_SENT)
    if flags & FIN and not flags & RST:
        end.become(State.CLOSED)
        if peer.state is State.RESET and peer.before is State.CLOSED:
            peer.become(State.CLOSED)  # a FIN and then a RST from there was a close all the same
    if flags & RST:
        end.become(State.RESET)
