"""What makes a model stack unlike another one: how its timers run, what it answers, which options it takes.

Every default is plain and conforming. A trait is no fault: most of these stacks follow RFC 9293 in another way than
Linux does, and must pass. What is a fault says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.spec.reaction import Reaction
from probe.spec.segment import FIN, SYN, Segment

if TYPE_CHECKING:
    from tests.zoo.connection import Connection

Choose = Callable[["Connection", Segment, tuple[Reaction, ...]], Reaction]
Replies = Callable[["Connection", Segment, Reaction, list[Segment]], list[Segment]]
Reads = Callable[["Connection", Segment], Segment]
Leaves = Callable[["Connection", Segment], list[tuple[float, Segment]]]
Meets = Callable[["Connection", Segment], list[Segment] | None]
Ends = Callable[[Segment], str]


def first(connection: Connection, segment: Segment, reactions: tuple[Reaction, ...]) -> Reaction:
    """The first permitted reaction, which is the usual one."""
    return reactions[0]


def as_due(connection: Connection, segment: Segment, reaction: Reaction, replies: list[Segment]) -> list[Segment]:
    """What is due."""
    return replies


def as_it_is(connection: Connection, segment: Segment) -> Segment:
    """What came."""
    return segment


def at_once(connection: Connection, segment: Segment) -> list[tuple[float, Segment]]:
    """What is to leave, now."""
    return [(0.0, segment)]


def lives(segment: Segment) -> str:
    """No segment ends this stack."""
    return ""


@dataclass(frozen=True, slots=True)
class Traits:
    """One kind of stack.

    Times in seconds. ``rto`` is the first retransmission interval, doubled each time by ``growth``, at most
    ``repeats`` times; ``syn_rto`` is that of SYN and SYN,ACK, ``fin_rto`` of a FIN (None: as the others).
    ``silent_unacceptable`` answers no unacceptable segment, ``answer_gap`` answers one in so many seconds of a
    connection, or of the whole host where ``per_host``. ``delayed_ack`` holds an acknowledgment back, ``ack_first``
    sends it before the text it could have travelled on. ``poll`` looks at what came only so often. ``scale`` is the
    window scale offered (None: not supported), ``unasked`` option kinds put on a SYN,ACK though nobody offered
    them. ``isn`` picks initial numbers: random, zero, same, steps. ``largest`` octets go into a segment at most;
    ``fin_with_text`` puts the FIN on the last of them. ``window`` octets may be in flight to it, none until
    ``opens_after`` seconds have passed since the SYN. ``keepalive`` probes an idle connection every so many seconds
    (RFC 9293 section 3.8.4).

    ``reads`` is what the stack takes a segment for; ``meets`` may take it away from the oracle: the list is what is
    sent instead (None: nothing unusual); ``choose`` picks among the permitted reactions, ``reply`` changes what
    answers and may change the block (``tests.mutants`` does), ``leaves`` what leaves, how often, and after how many
    seconds. ``ends`` says of a segment that it ends the stack, which "hang"s (answers nothing any more) or "abort"s
    (and takes its interface with it).
    """

    profile: str = "rfc9293"
    rto: float = 0.2
    syn_rto: float = 1.0
    fin_rto: float | None = None
    growth: float = 2.0
    fin_growth: float | None = None
    repeats: int = 8
    two_msl: float = 60.0
    r2: float = 110.0
    silent_unacceptable: bool = False
    answer_gap: float = 0.0
    per_host: bool = False
    delayed_ack: float = 0.0
    ack_first: bool = False
    poll: float = 0.0
    timestamps: bool = True
    scale: int | None = 7
    unasked: frozenset[int] = frozenset()
    mss: int = 1460
    largest: int = 1460
    fin_with_text: bool = False
    window: int = 29200
    opens_after: float = 0.0
    keepalive: float = 0.0
    isn: str = "random"
    resets_instead_of_fin: bool = False
    reads: Reads = as_it_is
    choose: Choose = first
    reply: Replies = as_due
    leaves: Leaves = at_once
    meets: Meets | None = None
    ends: Ends = lives

    def gap(self, pending: Segment, tries: int) -> float | None:
        """Seconds until the front of the retransmission queue is sent again; None: never."""
        if tries >= self.repeats:
            return None
        if pending.flags & SYN:
            return self.syn_rto * self.growth**tries
        if pending.flags & FIN and self.fin_rto is not None:
            return self.fin_rto * (self.growth if self.fin_growth is None else self.fin_growth) ** tries
        return self.rto * self.growth**tries
