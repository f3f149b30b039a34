"""A stateful filter: the connection tracking of Linux (``nf_conntrack``), which firewalls and routers drop by.

It guesses the state of both ends of a flow and the windows they offer, and calls each segment new, valid or invalid.
What is invalid most rule sets drop, some also what is new and no SYN. The window test follows "Real Stateful TCP Packet
Filtering in IP Filter" (Guido van Rooij, SANE 2000): with what ``_Side`` keeps a segment is in window when::

    SEQ <= sender.most   SEQ + LEN >= sender.end - receiver.room   receiver.end - 66000 <= ACK <= receiver.end

Since Linux 6.1 what fails a lower bound only (an old duplicate) passes without being taken into account.
``tests/live/test_filter.py`` compares every label with those of the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from probe.spec.segment import ACK, CWR, ECE, EOL, FIN, PSH, RST, SACK, SACK_PERMITTED, SYN, URG, WSCALE, Segment
from probe.spec.seq import Seq, later


class Label(Enum):
    """What connection tracking calls a segment; the kernel's word for ``VALID`` is "established"."""

    NEW = "new"
    VALID = "established"
    INVALID = "invalid"


Tracked = Enum(
    "Tracked", "NONE SYN_SENT SYN_SENT_BOTH SYN_RECEIVED ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSED"
)
"""The states of an entry: after the SYNs, after one FIN, its ACK, both FINs, their ACK, a RST."""
_NO, _SS, _S2, _SR, _ES, _FW, _CW, _LA, _TW, _CL = Tracked
_SECONDS = {_SS: 120, _S2: 120, _SR: 60, _ES: 432000, _FW: 120, _CW: 60, _LA: 30, _TW: 120, _CL: 10}
"""After so long without a segment an entry in the state is forgotten (the kernel's defaults)."""
_ACK_ROOM = 66000
_CLOSING = frozenset({_FW, _CW, _LA, _TW, _CL})
_OVER = frozenset({_TW, _CL})
_COMBINATIONS = frozenset({SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG})
"""The flags that may stand together, but for PSH, ECE and CWR, which always may."""
_BROKEN = frozenset({"checksum", "header past the end", "short header"})
_Kind = Enum("_Kind", "NONE SYN SYN_ACK FIN ACK RST")
"""What is looked at of the flags."""
_Moves = dict[Tracked, Tracked | None]
_FINS: _Moves = {_SR: _FW, _ES: _FW, _FW: _LA, _CW: _LA, _LA: _LA, _TW: _TW, _CL: _CL}
_ACKS: _Moves = {_SR: _ES, _ES: _ES, _FW: _CW, _CW: _CW, _LA: _TW, _TW: _TW, _CL: _CL}
_BY_OPENER: dict[_Kind, _Moves] = {
    _Kind.SYN: {
        **dict.fromkeys((_SR, _ES, _FW, _CW, _LA), None),
        **dict.fromkeys((_NO, _SS, _TW, _CL), _SS),
        _S2: _S2,
    },
    _Kind.SYN_ACK: {_S2: _SR, _SR: _SR},
    _Kind.FIN: _FINS,
    _Kind.ACK: {_NO: _ES, **_ACKS},
    _Kind.RST: dict.fromkeys((state for state in Tracked if state is not _NO), _CL),
}
_BY_OTHER: dict[_Kind, _Moves] = {
    _Kind.SYN: {_SS: _S2, _S2: _S2, _TW: _SS},
    _Kind.SYN_ACK: {_SS: _SR, _S2: _SR, **dict.fromkeys((_SR, _ES, _FW, _CW, _LA, _TW, _CL), None)},
    _Kind.FIN: _FINS,
    _Kind.ACK: {**_ACKS, _SR: _SR, _SS: None, _S2: None},
    _Kind.RST: dict.fromkeys((state for state in Tracked if state is not _NO), _CL),
}
"""The state after a segment, by its kind and the state before. None: it is let through unheeded; missing: invalid."""


def _kind(segment: Segment) -> _Kind:
    if segment.flags & RST:
        return _Kind.RST
    if segment.flags & SYN:
        return _Kind.SYN_ACK if segment.flags & ACK else _Kind.SYN
    if segment.flags & FIN:
        return _Kind.FIN
    return _Kind.ACK if segment.flags & ACK else _Kind.NONE


@dataclass(slots=True)
class _Side:
    """What is known of one end: ``end`` of what it sent, ``most`` it may send, ``room`` it offered, ``acked`` by it."""

    end: Seq = Seq(0)
    most: Seq = Seq(0)
    room: int = 0
    acked: Seq | None = None
    shift: int = 0
    scales: bool = False
    sacks: bool = False
    closed_first: bool = False
    liberal: bool = False

    def read_options(self, segment: Segment) -> None:
        """Window scale and SACK as the end offers them; an impossible option ends the list."""
        if not segment.options:
            return
        self.shift, self.scales, self.sacks, self.closed_first, self.acked = 0, False, False, False, None
        for option in segment.options:
            if option.kind == EOL or option.fault:
                return
            if option.kind == SACK_PERMITTED and not option.data:
                self.sacks = True
            elif option.kind == WSCALE and len(option.data) == 1:
                self.shift, self.scales = min(option.data[0], 14), True

    def begin(self, segment: Segment, other: _Side, *, by_opener: bool) -> None:
        """A SYN or SYN,ACK says where the end begins; windows are scaled where both offer it (RFC 7323 2.2)."""
        self.end = self.most = segment.end
        self.room = segment.window or 1
        self.read_options(segment)
        if not by_opener and not (self.scales and other.scales):
            self.shift = other.shift = 0


@dataclass(slots=True)
class _Last:
    """The last segment that was let through, for the moves that depend on it."""

    kind: _Kind = _Kind.NONE
    by_opener: bool = True
    end: Seq = Seq(0)
    ack: Seq = Seq(0)
    window: int = 0
    options: _Side = field(default_factory=_Side)
    challenged: bool = False
    simultaneous: bool = False


@dataclass(slots=True)
class _Entry:
    """One connection in the table."""

    opened_by_tester: bool
    state: Tracked = Tracked.NONE
    opener: _Side = field(default_factory=_Side)
    other: _Side = field(default_factory=_Side)
    last: _Last = field(default_factory=_Last)
    replied: bool = False
    assured: bool = False
    expires: float = 0.0

    def sides(self, *, by_opener: bool) -> tuple[_Side, _Side]:
        """The sender and the receiver."""
        return (self.opener, self.other) if by_opener else (self.other, self.opener)


@dataclass(frozen=True, slots=True)
class Settings:
    """How connections are tracked.

    ``older``: as before Linux 6.1, when all that is out of window was invalid. ``loose`` False: a connection begins
    with a SYN only, as where a rule drops what is new and no SYN. ``liberal``: no window is looked at
    (``tcp_be_liberal``, for container networks). ``forgets`` (not Linux): a RST or both FINs' ACKs end it at once.
    """

    older: bool = False
    loose: bool = True
    liberal: bool = False
    forgets: bool = False

    def table(self) -> Tracking:
        """One flow, of which nothing is known yet."""
        return Tracking(self)


class Tracking:
    """Connection tracking of one flow."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._entry: _Entry | None = None

    @property
    def begun_by_tester(self) -> bool | None:
        """Whether the connection that is known now began with a segment of the tester; None: it knows none."""
        return None if self._entry is None else self._entry.opened_by_tester

    def is_behind(self, segment: Segment) -> bool:
        """Whether it let the tester's newest segment pass without noting its text or FIN: an ACK of that is invalid."""
        if self._entry is None or segment.flags & (SYN | RST) or not segment.seg_len:
            return False
        ours, theirs = self._entry.sides(by_opener=self._entry.opened_by_tester)
        return not (self._settings.liberal or theirs.liberal) and _before(ours.end, segment.end)

    def label(self, time: float, to_peer: bool, segment: Segment) -> Label:
        """What it calls the next segment, seen at ``time`` in seconds."""
        bare = segment.flags & ~(PSH | ECE | CWR) & 0xFF
        if bare not in _COMBINATIONS or _BROKEN.intersection(segment.faults):
            return Label.INVALID
        entry = self._entry
        if entry is not None and time > entry.expires:
            entry = self._entry = None
        if entry is None:
            return self._begin(time, to_peer, segment)
        by_opener = to_peer == entry.opened_by_tester
        kind = _kind(segment)
        moves = (_BY_OPENER if by_opener else _BY_OTHER)[kind]
        if entry.state not in moves:
            return Label.INVALID
        move = moves[entry.state]
        if move is Tracked.SYN_SENT and entry.state in _OVER:
            closed = entry.opener.closed_first or entry.other.closed_first
            if closed or (entry.last.by_opener == by_opener and entry.last.kind is _Kind.RST):
                return self._begin(time, to_peer, segment)  # a closed connection is opened again
            move = None
        if move is None:
            if not self._answers_unheeded(entry, segment, kind, by_opener=by_opener):
                return self._passed(entry, by_opener=by_opener)
            move = Tracked.SYN_RECEIVED
        return self._moved(entry, time, segment, kind, move, by_opener=by_opener)

    def _begin(self, time: float, to_peer: bool, segment: Segment) -> Label:
        """The first segment of a connection; a bare ACK is one of a connection whose beginning was not seen."""
        kind = _kind(segment)
        move = _BY_OPENER[kind].get(Tracked.NONE)
        self._entry = None
        if move is None or (kind is not _Kind.SYN and not self._settings.loose):
            return Label.INVALID
        entry = _Entry(to_peer)
        entry.opener.end, entry.opener.room = segment.end, segment.window or 1
        entry.opener.most = segment.end
        if kind is _Kind.SYN:
            entry.opener.read_options(segment)
        else:
            entry.opener.most += entry.opener.room
            for side in (entry.opener, entry.other):  # nothing is known of window scale and SACK
                side.sacks = side.liberal = True
        self._entry = entry
        return self._moved(entry, time, segment, kind, move, by_opener=True)

    def _passed(self, entry: _Entry, *, by_opener: bool) -> Label:
        """The label of what is let through."""
        if not by_opener:
            entry.replied = True
        return Label.VALID if entry.replied else Label.NEW

    # -- segments that may show that the table is out of step ----------------------------------------------------------

    @staticmethod
    def _answers_unheeded(entry: _Entry, segment: Segment, kind: _Kind, *, by_opener: bool) -> bool:
        """Whether it answers a SYN that was let through unheeded; else it is let through and noted as well."""
        last = entry.last
        answers = last.kind is _Kind.SYN and last.by_opener != by_opener and segment.ack == last.end
        if kind is _Kind.SYN_ACK and answers:
            asked, answered = entry.sides(by_opener=last.by_opener)
            asked.end = asked.most = last.end
            asked.room = last.window or 1
            asked.shift, asked.scales, asked.sacks = last.options.shift, last.options.scales, last.options.sacks
            asked.acked, asked.closed_first, asked.liberal = None, False, False
            answered.room, answered.acked, answered.closed_first = 0, None, False
            return True
        last.kind, last.by_opener = kind, by_opener
        last.end, last.window = segment.end, segment.window
        if kind is _Kind.SYN and by_opener:
            last.options = _Side()
            last.options.read_options(segment)
            last.challenged = entry.state is Tracked.LAST_ACK
            last.simultaneous = False
        if entry.state is Tracked.SYN_SENT and kind is _Kind.ACK and not by_opener:
            last.ack = segment.ack
        return False

    # -- segments that move the entry ----------------------------------------------------------------------------------

    def _moved(
        self, entry: _Entry, time: float, segment: Segment, kind: _Kind, move: Tracked, *, by_opener: bool
    ) -> Label:
        last, before = entry.last, entry.state
        after: tuple[Tracked, bool] | None = move, True
        if move is Tracked.TIME_WAIT and before is Tracked.LAST_ACK and kind is _Kind.ACK and last.challenged:
            if last.by_opener != by_opener and last.kind is _Kind.SYN:
                last.challenged = False  # RFC 5961 section 4: this answers the SYN, it does not acknowledge the FIN
                return self._passed(entry, by_opener=by_opener)
        elif kind is _Kind.RST:
            after = self._reset(entry, segment, by_opener=by_opener)
        elif move is Tracked.SYN_RECEIVED and not by_opener and kind is _Kind.ACK and last.simultaneous:
            after = Tracked.ESTABLISHED, True
        last.simultaneous |= move is Tracked.SYN_SENT_BOTH
        if after is None:
            return Label.INVALID
        if after[1] and (inside := self._in_window(entry, segment, kind, by_opener=by_opener)) is not True:
            if inside is False:
                return self._passed(entry, by_opener=by_opener)
            closing = (_Kind.FIN, _Kind.RST)
            if entry.assured and kind in closing and (last.by_opener == by_opener or last.kind not in closing):
                last.kind, last.by_opener = kind, by_opener
            return Label.INVALID
        return self._take(entry, time, kind, after[0], by_opener=by_opener)

    def _take(self, entry: _Entry, time: float, kind: _Kind, move: Tracked, *, by_opener: bool) -> Label:
        """A segment in window: the entry moves."""
        before, entry.state = entry.state, move
        entry.last.kind, entry.last.by_opener = kind, by_opener
        if before is not move is Tracked.FIN_WAIT:
            entry.sides(by_opener=by_opener)[0].closed_first = True
        if (kind is _Kind.RST and not entry.replied) or (self._settings.forgets and move in _OVER):
            self._entry = None  # a RST is the only reply: the entry goes at once
            return Label.NEW if by_opener else Label.VALID
        if not (kind is _Kind.SYN and before is Tracked.SYN_SENT and not entry.replied):  # that one keeps its time
            entry.expires = time + _SECONDS[Tracked.CLOSED if kind is _Kind.RST else move]
        if entry.replied and move is Tracked.ESTABLISHED and before in (Tracked.SYN_RECEIVED, Tracked.ESTABLISHED):
            entry.assured = True
        return self._passed(entry, by_opener=by_opener)

    def _reset(self, entry: _Entry, segment: Segment, *, by_opener: bool) -> tuple[Tracked, bool] | None:
        """The state after a RST and whether its window counts; None for one that is invalid."""
        if entry.state in _CLOSING:
            return Tracked.CLOSED, False
        last, (_, receiver) = entry.last, entry.sides(by_opener=by_opener)
        move = Tracked.CLOSED
        if receiver.acked is not None and last.kind is not _Kind.SYN:
            established = entry.state is Tracked.ESTABLISHED and entry.assured
            if not segment.seq and not established:
                return move, True
            if _before(segment.seq, receiver.acked):
                return None
            train = last.kind is _Kind.ACK and last.by_opener == by_opener and segment.seq == last.end
            if not established or segment.seq == receiver.acked or train:
                return move, True
            move = entry.state  # not the exact number: it may be challenged (RFC 5961 section 3)
        let_through = (entry.replied and last.kind is _Kind.SYN) or (not entry.assured and last.kind is _Kind.ACK)
        if let_through and segment.ack == last.end:
            return move, False
        challenged = entry.state is Tracked.SYN_SENT and last.kind is _Kind.ACK and not last.by_opener
        return move, not (challenged and segment.seq == last.ack)

    def _in_window(self, entry: _Entry, segment: Segment, kind: _Kind, *, by_opener: bool) -> bool | None:
        """Whether the segment is in window, and what it shows taken into account; None for an invalid one."""
        sender, receiver = entry.sides(by_opener=by_opener)
        opening = entry.state in (Tracked.SYN_SENT, Tracked.SYN_RECEIVED)
        if not sender.room and not segment.flags & SYN:
            _begin_midway(sender, receiver, segment)
        elif segment.flags & SYN and (not sender.room or (opening and _before(sender.end, segment.end))):
            sender.begin(segment, receiver, by_opener=by_opener)
            if not segment.flags & ACK and not by_opener:
                return True  # simultaneous open
        seq, end, ack, edge = segment.seq, segment.end, receiver.end, receiver.end
        if segment.flags & ACK and not (kind is _Kind.RST and segment.ack == 0):
            ack, edge = segment.ack, _right_edge(segment, receiver)
        if kind is _Kind.RST and not seq and entry.state is Tracked.SYN_SENT:
            seq = end = sender.end
        inside = self._within(sender, receiver, seq, end, edge)
        if inside:
            _learn(sender, receiver, segment, ack, edge, end)
            if kind is _Kind.ACK:
                entry.last.end, entry.last.window, entry.last.ack = end, segment.window, ack
        return True if self._settings.liberal or sender.liberal else inside

    def _within(self, sender: _Side, receiver: _Side, seq: Seq, end: Seq, edge: Seq) -> bool | None:
        """Whether the numbers are in window. False: out of it, but let through; None: invalid."""
        delayed = edge - (receiver.end - max(sender.room, _ACK_ROOM)) < 0
        behind = receiver.room != 0 and end - (sender.end - receiver.room) < 0
        beyond = 0 if _before(seq, sender.most + 1) else (end + 1).ahead_of(sender.most)
        if not _before(edge, receiver.end + 1) or (
            beyond and (not receiver.room or behind or delayed or beyond > receiver.room)
        ):
            return None
        if beyond:
            sender.end = end  # more than the window takes: its ACK must not be called one of data never seen
        return (None if self._settings.older else False) if beyond or behind or delayed else True


def _before(a: Seq, b: Seq) -> bool:
    """Whether ``a`` comes before ``b``; what lies exactly half the space away comes before, as in Linux."""
    return a - b < 0


def _begin_midway(sender: _Side, receiver: _Side, segment: Segment) -> None:
    """The first segment of an end whose SYN was not seen."""
    sender.end, sender.room = segment.end, (segment.window << sender.shift) or 1
    sender.most = segment.end + sender.room
    edge = _right_edge(segment, receiver)
    if not receiver.room:
        receiver.end = receiver.most = edge
    elif edge == receiver.end + 1:
        receiver.end += 1  # it answers a keep-alive, most likely


def _learn(sender: _Side, receiver: _Side, segment: Segment, ack: Seq, edge: Seq, end: Seq) -> None:
    """What a segment in window shows of both ends."""
    window = segment.window if segment.flags & SYN else segment.window << sender.shift
    sender.room = max(sender.room, window + (edge - ack))
    if segment.flags & ACK and (sender.acked is None or _before(sender.acked, ack)):
        sender.acked = ack
    if receiver.room and _before(sender.most, end):
        receiver.room += end - sender.most
    sender.end = end if _before(sender.end, end) else sender.end
    if _before(receiver.most - 1, edge + window):
        receiver.most = edge + (window or 1)


def _right_edge(segment: Segment, receiver: _Side) -> Seq:
    """The highest number that a segment acknowledges, selectively too where the receiver takes that."""
    edge = segment.ack
    blocks = segment.option(SACK) if receiver.sacks else None
    data = b"" if blocks is None or len(blocks.data) % 8 else blocks.data
    for at in range(4, len(data), 8):
        edge = later(edge, Seq(int.from_bytes(data[at : at + 4], "big")))
    return edge
