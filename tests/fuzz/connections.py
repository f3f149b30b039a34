"""Conforming connections: the oracle plays both ends, chance plays applications, timers, the path and the capture.

The capture sits somewhere on the path: what it sees has not arrived yet, may be lost behind it, or was lost before it.
A path may let a segment overtake the one before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from probe.results.connection import Packet
from probe.spec import calls
from probe.spec.segment import MSS, SACK_PERMITTED, SYN, WSCALE, Option, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.peer import LISTENING, Peer
from tests.helpers.sending import call_segment

OFFER = (Option(MSS, b"\x05\xb4"), Option(SACK_PERMITTED), Option(WSCALE, b"\x07"))


@dataclass
class Path:
    """One direction: sent and not yet at the capture, past the capture and not yet there."""

    before: deque[Segment] = field(default_factory=deque)
    behind: deque[Segment] = field(default_factory=deque)


class Talk:
    """Two ends, two directions, a capture between them."""

    def __init__(self, rng: Random, loss: float, overtaking: float = 0.0) -> None:
        """The client's SYN is on its way; ``loss``: the chance of each segment to be lost on each half of the path.

        ``overtaking``: its chance to pass the one before it there.
        """
        self._rng = rng
        self._loss = loss
        self._overtaking = overtaking
        iss, peer_iss = Seq(rng.getrandbits(32)), Seq(rng.getrandbits(32))
        syn = Segment(iss, flags=SYN, window=29200, options=OFFER if rng.random() < 0.5 else ())
        client = Peer(calls.opened(Tcb(State.CLOSED), syn), iss, choose=rng.choice, closes_on_eof=rng.random() < 0.5)
        first = LISTENING if rng.random() < 0.95 else Tcb(State.CLOSED)
        server = Peer(first, peer_iss, choose=rng.choice, closes_on_eof=rng.random() < 0.5)
        self._ends = (client, server)
        self._paths = (Path(), Path())
        self._paths[0].before.append(syn)
        self.seen: list[tuple[bool, Segment]] = []

    def step(self) -> None:
        """One thing happens: a segment passes the capture or arrives, an application acts, or a timer runs out."""
        rng = self._rng
        moves = [(side, half) for side in (0, 1) for half in (0, 1) if self._queue(side, half)]
        if not moves or rng.random() < 0.15:
            self._act(rng.randrange(2))
        else:
            self._move(*rng.choice(moves))

    def _queue(self, side: int, half: int) -> deque[Segment]:
        path = self._paths[side]
        return path.behind if half else path.before

    def _move(self, side: int, half: int) -> None:
        queue = self._queue(side, half)
        segment = queue.popleft()
        if queue and self._rng.random() < self._overtaking:
            segment, queue[0] = queue[0], segment
        if not half:
            lost = self._rng.random() < self._loss
            if not lost:
                self.seen.append((side == 0, segment))
                self._paths[side].behind.append(segment)
        elif self._rng.random() >= self._loss:
            replies = self._ends[1 - side].arrives(segment, 0.0)
            self._paths[1 - side].before.extend(replies)

    def _act(self, side: int) -> None:
        """The application calls, or the retransmission timer runs out.

        An application gets a connection once it is open: none closes or aborts one in SYN-RECEIVED.
        """
        end, rng = self._ends[side], self._rng
        opening = end.tcb.state is State.SYN_RECEIVED
        match 7 if opening else rng.randrange(8):
            case 0 | 1:
                out = end.call(calls.SEND, rng.choice((1, 30, 536, 1460)))
            case 2 | 3:
                out = end.call(calls.CLOSE)
            case 4 if rng.random() < 0.3:
                out = end.call(calls.ABORT)
            case _:
                again = call_segment(end.tcb, calls.RETRANSMIT)
                out = [] if again is None else [replace(again, options=self._options(again))]
        self._paths[side].before.extend(out)

    def _options(self, segment: Segment) -> tuple[Option, ...]:
        """A SYN sent again offers what it offered before (RFC 7323 section 2.5)."""
        first = next((s for _, s in self.seen if s.flags == SYN and s.seq == segment.seq), None)
        return first.options if first is not None and segment.flags == SYN else ()


def connection(rng: Random) -> list[Packet]:
    """What a capture of one conforming connection holds; at least its first segment."""
    talk = Talk(rng, rng.choice((0.0, 0.0, 0.05, 0.2)), rng.choice((0.0, 0.0, 0.1)))
    for _ in range(rng.randint(4, 60)):
        talk.step()
    return numbered(talk.seen)


def numbered(seen: Sequence[tuple[bool, Segment]]) -> list[Packet]:
    """A millisecond apart, numbers from 1."""
    return [Packet(n, n / 1000, from_client, segment) for n, (from_client, segment) in enumerate(seen, 1)]


def thinned(packets: Sequence[Packet], rng: Random) -> list[Packet]:
    """The same with records missing: some at random, the start, the end, or one direction."""
    kept = list(packets)
    match rng.randrange(6):
        case 0:
            kept = kept[rng.randint(0, len(kept)) :]
        case 1:
            kept = kept[: rng.randint(0, len(kept))]
        case 2:
            side = rng.random() < 0.5
            kept = [packet for packet in kept if packet.from_client == side]
        case 3 | 4:
            chance = rng.choice((0.05, 0.2, 0.5))
            kept = [packet for packet in kept if rng.random() >= chance]
        case _:
            pass
    return reoriented(kept)


def reoriented(packets: Sequence[Packet]) -> list[Packet]:
    """As a reader gives them: where the opening SYN is missing, the client is who is seen first."""
    if not packets or any(p.segment.flags & SYN for p in packets[:1]):
        return list(packets)
    turned = not packets[0].from_client
    return [replace(packet, from_client=packet.from_client != turned) for packet in packets]
