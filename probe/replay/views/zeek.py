"""Zeek's ``conn_state`` and ``history`` of a connection, so that users can compare with their conn.log.

Both follow the table that Zeek publishes with its Conn::Info record, read as Zeek's TCP analyzer fills it. The
originator is the client. Known differences, all because a capture file is judged and not a stream in time:

- Zeek forgets a connection some seconds after its close, its reset or an unanswered SYN, and logs what follows as
  another one; here all packets given are one connection.
- ``^`` is written where the first segment is the server's. Zeek turns the roles round for such a start only where the
  ports make it likely, or where the SYN comes right after its SYN,ACK.
- ``c`` is written only where the checksum is known to be wrong; offload and short captures are no fault. As in Zeek
  the segment then counts for nothing else. ``x`` (limits of Zeek's analyzers) never comes.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq

_TOO_FAR = 1 << 20
"""Octets that the number of a SYN or RST may jump and still be believed."""
_RSTOS0 = re.compile(r"\^?S[^HAFGIQ]*R")
_SCALE = 10


@dataclass(frozen=True, slots=True)
class Zeek:
    """What Zeek's conn.log would say.

    ``conn_state``: S0: a SYN without answer. REJ: a SYN answered by a RST. S1: established, no end closed. SF: both
    closed by FIN; S2, S3: only the originator, only the responder. RSTO, RSTR: they reset it. RSTOS0: SYN, then RST,
    nothing that established it. SH: SYN, then FIN, no SYN,ACK. RSTRH, SHR: the responder's SYN,ACK without the SYN,
    then its RST or FIN. OTH: the rest, above all what starts in mid-connection.

    ``history``: a letter for each kind of event in the order of the packets, upper case for the originator. s SYN,
    h SYN,ACK, f FIN, r RST: again only with another number than the last one of the kind. a pure ACK, d payload
    (without SYN, FIN, RST), i FIN with RST, q SYN with FIN or RST: once for each end. c wrong checksum, g octets that
    were acknowledged and never seen (case of who sent them, only while both ends are established or closed by FIN),
    t payload that brings no new number, w window 0 (not after the peer's FIN): at the 1st, 10th, 100th... time.
    """

    conn_state: str
    history: str


def zeek(packets: Sequence[Packet]) -> Zeek:
    """Both columns in one walk; O(n) for records in order, O(n log n) at worst."""
    walk = _Walk()
    for packet in packets:
        walk.take(packet.segment, client=packet.from_client)
    return Zeek(walk.conn_state(), "".join(walk.history))


class _Walk:
    """Goes through the packets as Zeek's TCP analyzer does."""

    def __init__(self) -> None:
        self.history: list[str] = []
        self.client, self.server = _End(client=True), _End(client=False)
        self.partial = False
        self.heard: set[bool] = set()

    def take(self, segment: Segment, *, client: bool) -> None:
        end, peer = (self.client, self.server) if client else (self.server, self.client)
        if not (client or self.history or self.heard):
            self.history.append("^")
        if "checksum" in segment.faults and segment.checksum_known:
            self._scaled(end, "c")
            return
        if client not in self.heard and (client or not self.partial):
            self.partial = not segment.flags & SYN or (client and bool(segment.flags & ACK))
        self.heard.add(client)
        if end.state is State.INACTIVE and not segment.flags & SYN:
            end.begin(segment.seq - 1, 1)
        elif segment.flags & SYN:  # its first, or one that opens again
            again = end.state is State.INACTIVE or end.state in _BEGUN
            again |= end.state is State.RESET and end.before is State.INACTIVE
            again |= end.state in _OPENING and end.count(segment.seq) != 0
            if again:
                end.begin(segment.seq, _octets(segment))
        start = end.count(segment.seq)
        self._letters(end, segment, start)
        over = segment.flags & RST or peer.state is State.CLOSED or end.state is State.RESET
        if not segment.window and not over:
            self._scaled(end, "w")
        self._numbers(end, peer, segment, start)

    def _numbers(self, end: _End, peer: _End, segment: Segment, start: int) -> None:
        flags, length = segment.flags, segment.length
        after = start + _octets(segment)
        if flags & FIN:
            end.fin = after
        acked = None  # what the segment acknowledges of its peer; of a silent one it is the first number known
        if flags & ACK and peer.state is State.INACTIVE:
            peer.begin(segment.ack - 1)
            acked = 1
        elif flags & ACK:
            acked = peer.count(segment.ack)
            peer.acked = peer.acked if flags & RST else max(peer.acked, acked)
        ahead = after - end.last
        if not (flags & (SYN | RST) and abs(ahead) > _TOO_FAR) and end.state is not State.RESET:
            if ahead > 0 or (flags & FIN and end.last == 1):
                end.advance(after)
            elif length:
                self._scaled(end, "t")  # payload, and no new number
        _step(end, peer, segment)
        if end.before is State.INACTIVE and end.state is State.ESTABLISHED and not flags & SYN:
            self.partial = False  # only the SYN is not in the record
        if acked is not None:
            holes = 0 if acked <= 2 and self.partial else peer.holes(acked)
            if end.clean and peer.clean:
                for _ in range(holes):
                    self._scaled(peer, "g")
        if length and not flags & RST and start >= 0:
            end.seen(start + bool(flags & SYN), start + bool(flags & SYN) + length)

    def _letters(self, end: _End, segment: Segment, start: int) -> None:
        flags = segment.flags & (SYN | FIN | RST)
        if flags in (SYN, FIN, RST):
            kind = {SYN: "h" if segment.flags & ACK else "s", FIN: "f", RST: "r"}[flags]
            number = start + segment.length if flags == FIN else start
            key = "s" if kind == "h" else kind
            if end.noted.get(key) != number:
                self._add(end, kind)
            end.noted[key] = number
            return
        if flags:
            kind = "i" if flags & FIN and flags & RST else "q"
        elif segment.length:
            kind = "d"
        elif segment.flags & ACK:
            kind = "a"
        else:
            return
        if end.noted.setdefault(kind, -1) == -1:
            end.noted[kind] = 0
            self._add(end, kind)

    def _scaled(self, end: _End, letter: str) -> None:
        times = end.times[letter] = end.times.get(letter, 0) + 1
        while times % _SCALE == 0:
            times //= _SCALE
        if times == 1:
            self._add(end, letter)

    def _add(self, end: _End, letter: str) -> None:
        self.history.append(letter.upper() if end.client else letter)

    def conn_state(self) -> str:
        ours, theirs = self.client.state, self.server.state
        if theirs is State.RESET:
            nothing = ours is State.RESET and self.client.size == self.server.size == 0
            return "REJ" if ours in _OPENING or nothing else "RSTRH" if ours in _SILENT else "RSTR"
        if ours is State.RESET:
            if theirs not in _SILENT:
                return "RSTO"
            return "RSTOS0" if _RSTOS0.match("".join(self.history)) else "OTH"
        if ours is State.CLOSED:
            return "SF" if theirs is State.CLOSED else "SH" if theirs in _SILENT else "S2"
        if theirs is State.CLOSED:
            return "SHR" if ours in _SILENT else "S3"
        states = {(State.SYN_SENT, State.INACTIVE): "S0", (State.ESTABLISHED, State.ESTABLISHED): "S1"}
        return states.get((ours, theirs), "OTH")


class State(Enum):
    """Zeek's own states of an end; PARTIAL began in mid-connection."""

    INACTIVE = auto()
    SYN_SENT = auto()
    SYN_ACK_SENT = auto()
    ESTABLISHED = auto()
    PARTIAL = auto()
    CLOSED = auto()
    RESET = auto()


_SILENT = {State.INACTIVE, State.PARTIAL}
_OPENING = {State.SYN_SENT, State.SYN_ACK_SENT}
_BEGUN = {State.ESTABLISHED, State.PARTIAL}


@dataclass(slots=True)
class _End:
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
        self._near, self._near_count = isn, 0
        self.last, self.acked = last, 0

    def count(self, number: Seq) -> int:
        return self._near_count + (number - self._near)

    def advance(self, last: int) -> None:
        """``last`` is the highest number now."""
        self._near, self._near_count, self.last = self._near + (last - self._near_count), last, last

    def become(self, state: State) -> None:
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


def _octets(segment: Segment) -> int:
    """How far the segment moves the sequence number; the payload of a RST is no part of the stream."""
    return segment.seg_len - (segment.length if segment.flags & RST else 0)


def _step(end: _End, peer: _End, segment: Segment) -> None:
    """What the segment makes of its sender's state."""
    flags = segment.flags
    if end.state is State.INACTIVE:
        _first(end, peer, segment)
    elif end.state in _OPENING:
        if flags & FIN:
            end.become(State.CLOSED)
        if flags & RST:
            end.become(State.RESET)
    elif end.state in _BEGUN:
        if flags & (SYN | ACK) == SYN and end.state is State.PARTIAL and peer.state is State.INACTIVE:
            end.become(State.SYN_SENT)
        if flags & FIN and not flags & RST:
            end.become(State.CLOSED)
            if peer.state is State.RESET and peer.before is State.CLOSED:
                peer.become(State.CLOSED)  # a FIN and then a RST from there was a close all the same
        if flags & RST:
            end.become(State.RESET)
    elif end.state is State.CLOSED and flags & RST and peer.state is not State.CLOSED:
        end.become(State.RESET)


def _first(end: _End, peer: _End, segment: Segment) -> None:
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
