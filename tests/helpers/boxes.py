"""What may stand on the way, in invented time: firewalls of other makes than Linux, and lines that disorder.

Each function gives a new ``Box``: what becomes of a segment, and when. Written apart from the models of
``probe.engine.path``, which are tried on them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from probe.engine.belief.events import Seen
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import TARGET
from probe.spec.segment import ACK, FIN, RST, SYN, WSCALE, Segment
from probe.spec.seq import Seq, later
from tests.helpers.dialogue import Dialogue
from tests.helpers.peer import Peer

Passed = list[tuple[float, bool, Segment]]
"""Seconds later, whether back to where it came from, and what."""
Box = Callable[[float, bool, Segment], Passed]
"""Gets the time, the direction (True: to the peer) and a segment."""
_OPENING = SYN | ACK | RST | FIN


class Behind(Dialogue):
    """A peer behind a box."""

    def __init__(self, scenario: Scenario, peer: Peer, box: Box, iss: int) -> None:
        super().__init__(scenario, peer, TARGET, iss=iss)
        self.box = box
        self.forged: list[Segment] = []
        """What the box sent by itself, as long as it is under way."""

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is None:
            super()._push(delay, what)
            return
        there, back = ("out", "in") if what == "out" else ("in", "out")
        for wait, returns, passed in self.box(self.now, what == "out", segment):
            if returns and what == "out":
                self.forged.append(passed)
            super()._push(delay + wait, back if returns else there, passed)

    def _came(self, segment: Segment) -> Seen:
        """A box is one hop nearer than the peer."""
        return Seen(self.now, False, segment, hops=64 if any(segment is one for one in self.forged) else 63)


def through(one: Box, other: Box) -> Box:
    """One box behind the other."""

    def box(now: float, to_peer: bool, segment: Segment) -> Passed:
        found: Passed = []
        for wait, returns, passed in one(now, to_peer, segment):
            behind = [(0.0, False, passed)] if returns else other(now + wait, to_peer, passed)
            found += [(wait + more, returns or back, what) for more, back, what in behind]
        return found

    return box


def dropping(wanted: Callable[[bool, Segment], bool]) -> Box:
    """What is wanted vanishes."""
    return lambda now, to_peer, segment: [] if wanted(to_peer, segment) else [(0.0, False, segment)]


def losing(chance: float, drawn: random.Random) -> Box:
    """Each segment is lost with this chance."""
    return dropping(lambda to_peer, segment: drawn.random() < chance)


def jittering(most: float, drawn: random.Random, *, back: bool = True) -> Box:
    """Each segment takes up to so many seconds longer; without ``back`` only those to the peer."""
    return lambda now, to_peer, segment: [(drawn.random() * most if back or to_peer else 0.0, False, segment)]


def doubling(chance: float, after: float, drawn: random.Random) -> Box:
    """Some segments arrive twice."""

    def box(now: float, to_peer: bool, segment: Segment) -> Passed:
        copies: Passed = [(0.0, False, segment), (after, False, segment)]
        return copies if drawn.random() < chance else copies[:1]

    return box


def refusing(known: Callable[[float, bool, Segment], bool], *, resets: bool = False) -> Box:
    """A firewall that drops what it does not know, or answers it with a RST as a closed port would."""

    def box(now: float, to_peer: bool, segment: Segment) -> Passed:
        if known(now, to_peer, segment):
            return [(0.0, False, segment)]
        if not resets or segment.flags & RST:
            return []
        bare = segment.flags & ACK
        return [(0.0, True, Segment(segment.ack, flags=RST) if bare else Segment(Seq(0), segment.end, RST | ACK))]

    return box


def ends_by_rst(*, fins: bool, checked: bool) -> Callable[[float, bool, Segment], bool]:
    """A table without numbers: a RST takes an entry out, with ``fins`` the ACKs of both FINs, too.

    ``checked``: a RST must lie within 64 KB of what was acknowledged.
    """
    stands = False
    finned: dict[bool, Seq] = {}
    told: dict[bool, Seq] = {}
    acked: set[bool] = set()

    def known(now: float, to_peer: bool, segment: Segment) -> bool:
        nonlocal stands
        if segment.flags & _OPENING == SYN and not stands:
            stands = True
            finned.clear()
            told.clear()
            acked.clear()
        if not stands:
            return False
        if segment.flags & RST:
            due = told.get(not to_peer)
            if checked and due is not None and int(segment.seq) and (segment.seq - due) % (1 << 32) > 0xFFFF:
                return False
            stands = False
        elif segment.flags & ACK:
            told[to_peer] = segment.ack
        if segment.flags & ACK and finned.get(not to_peer) == segment.ack:
            acked.add(to_peer)
        if segment.flags & FIN:
            finned[to_peer] = segment.end
        stands &= not (fins and len(acked) == 2)
        return True

    return known


def one_syn() -> Callable[[float, bool, Segment], bool]:
    """Only the first SYN of a connection is known, and its copies, until a RST or both FINs ended it."""
    first: Seq | None = None
    finned: set[bool] = set()

    def known(now: float, to_peer: bool, segment: Segment) -> bool:
        nonlocal first
        if segment.flags & _OPENING == SYN:
            if first is None or len(finned) == 2:
                first = segment.seq
                finned.clear()
            return segment.seq == first or not to_peer
        first = None if segment.flags & RST else first
        if segment.flags & FIN:
            finned.add(to_peer)
        return True

    return known


_NEAR = 0xFFFF


class InWindow:
    """A table with windows: unknown is what lies 64 KB beside them, a second SYN, and whatever follows an end.

    ``exact``: a RST ends the connection at the number that is due only; else in the window, too.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self.exact, self.stands = exact, False

    def _begins(self, to_peer: bool, segment: Segment) -> None:
        self.stands, self.syns, self.end = True, {to_peer: segment.seq}, {to_peer: segment.end}
        self.told: dict[bool, Seq] = {}
        self.window: dict[bool, int] = {}
        self.fins: dict[bool, Seq] = {}

    def __call__(self, now: float, to_peer: bool, segment: Segment) -> bool:
        """Whether it passes."""
        kind = segment.flags & _OPENING
        if not self.stands:
            if kind == SYN:
                self._begins(to_peer, segment)
            return kind == SYN
        if kind == SYN:
            return self.syns.setdefault(to_peer, segment.seq) == segment.seq
        if to_peer not in self.end:
            answers = bool(kind & ACK) and 1 <= segment.ack - self.syns[not to_peer] <= _NEAR
            if kind & RST:
                self.stands = not (kind & ACK and segment.ack == self.end[not to_peer])
                return not self.stands
            if not answers:
                return False
            self.syns.setdefault(to_peer, segment.seq)
        due = self.told.get(not to_peer, self.end.get(to_peer, segment.seq))
        room = self.window.get(not to_peer, 0) + _NEAR
        if kind & RST:
            known = segment.seq == due if self.exact else -1 <= segment.seq - due <= room
            self.stands = not known
            return known
        sent = self.end.get(not to_peer, segment.ack)
        if not kind & ACK or not -_NEAR <= segment.seq - due <= room or not 0 <= sent - segment.ack <= _NEAR:
            return False
        self.told[to_peer], self.window[to_peer] = segment.ack, segment.window
        self.end[to_peer] = later(self.end.get(to_peer, segment.end), segment.end)
        if kind & FIN:
            self.fins[to_peer] = segment.end
        self.stands = len(self.fins) < 2 or any(self.told.get(not end) != fin for end, fin in self.fins.items())
        return True


_FUDGE = 0xFFFF + 1500
_SYN_SENT, _ESTABLISHED, _CLOSING, _FIN_WAIT_2, _TIME_WAIT = 2, 4, 6, 9, 10


class OfABsd:
    """The state tracking of ``pf``, from its manual and memory: windows after van Rooij, exact RSTs."""

    def __init__(self) -> None:
        self.ends: dict[bool, dict[str, int]] = {}

    def __call__(self, now: float, to_peer: bool, segment: Segment) -> bool:
        """Whether it passes."""
        if segment.flags & _OPENING == SYN and self.ends and min(e["state"] for e in self.ends.values()) >= _FIN_WAIT_2:
            self.ends.clear()
        if not self.ends:
            first, last, window = int(segment.seq), int(segment.end), max(segment.window, 1)
            if segment.flags & (SYN | ACK) != SYN:
                return False
            self.ends[to_peer] = {
                "low": first,
                "high": last,
                "most": window,
                "scale": _scale(segment),
                "state": _SYN_SENT,
            }
            self.ends[not to_peer] = {"low": -1, "high": 0, "most": 1, "scale": -1, "state": 0}
            return True
        src, dst = self.ends[to_peer], self.ends[not to_peer]
        if src["low"] < 0:
            src["scale"] = _scale(segment) if segment.flags & SYN else -1
            src["low"], src["high"] = int(segment.seq), int(segment.end) + max(1, dst["most"])
            src["most"], src["state"] = max(segment.window, src["most"]), max(src["state"], _SYN_SENT)
        return self._tracked(src, dst, segment)

    def _tracked(self, src: dict[str, int], dst: dict[str, int], segment: Segment) -> bool:
        scaled = min(src["scale"], dst["scale"]) >= 0 and not segment.flags & SYN
        own, other = (src["scale"], dst["scale"]) if scaled else (0, 0)
        low, zero = max(dst["low"], 0), segment.flags & RST and not int(segment.ack)
        ack = int(segment.ack) if segment.flags & ACK and not zero and dst["state"] >= _SYN_SENT else low
        empty = segment.seq == segment.end
        seq, end = (src["low"], src["low"]) if empty else (int(segment.seq), int(segment.end))
        exact = not segment.flags & RST or abs(_ahead(int(segment.seq), src["low"])) <= 1
        near = -_FUDGE <= _ahead(low, ack) <= _FUDGE << own and exact
        if near and _ahead(src["high"], end) >= 0 and _ahead(seq, src["low"]) >= -(dst["most"] << other):
            moves = {_SYN_SENT: _ESTABLISHED, _CLOSING: _FIN_WAIT_2} if segment.flags & ACK else {}
            dst["state"] = moves.get(dst["state"], dst["state"])
        else:
            loose = dst["state"] < _SYN_SENT or max(src["state"], dst["state"]) >= _FIN_WAIT_2
            if not loose or _ahead(src["high"] + _FUDGE, end) < 0 or _ahead(seq, src["low"]) < -_FUDGE:
                return False
        src["most"] = max(src["most"], segment.window)
        src["low"] = end if _ahead(end, src["low"]) > 0 else src["low"]
        edge = ack + (segment.window << own)
        dst["high"] = max(edge, ack + 1) if _ahead(edge, dst["high"]) >= 0 else dst["high"]
        src["state"] = max(src["state"], _CLOSING) if segment.flags & FIN else src["state"]
        if segment.flags & RST:
            src["state"] = dst["state"] = _TIME_WAIT
        return True


def _ahead(one: int, other: int) -> int:
    found = (one - other) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found


def _scale(segment: Segment) -> int:
    option = segment.option(WSCALE)
    return -1 if option is None else option.data[0]
