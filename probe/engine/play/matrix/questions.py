"""The segment that tells which state the peer is in after a stimulus: chosen from the oracle, state by state.

A question is good if every permitted next state must answer it, and if the states a faulty peer may be in instead
answer it otherwise. A segment with one garbage octet below the window is asked first: stacks limit how often they
answer segments without payload, and that one has some. It ends one short of RCV.NXT, where no stack takes it for new.
"""

from __future__ import annotations

from probe.engine.play.matrix.approaches import Approach
from probe.scenarios.steps import ISS, NXT, PEER, RCV, Send
from probe.spec.arrives import arrives
from probe.spec.models import WINDOW
from probe.spec.segment import ACK, Segment, parse_flags
from probe.spec.seq import Seq
from probe.spec.tcb import Tcb

_OCTET = Send(".", NXT - 2, RCV, b"?", WINDOW, counts=False)
SYN_AGAIN = Send("S", ISS, window=WINDOW, counts=False)
_SYN_ACK = Send("S.", ISS, PEER + 1, window=WINDOW, counts=False)
CANDIDATES = (_OCTET, SYN_AGAIN, _SYN_ACK)
_TEMPTATIONS = ("S", "S.", ".", "F.", "R", "P.")
"""What a peer that misreads a segment may take it for."""

Barred = frozenset[Send]
"""Questions that a peer does not answer as it should; of the candidates one at least is left."""
NONE_BARRED: Barred = frozenset()


class Questions:
    """Chooses what a peer is asked that was brought into a state by ``way``; each choice is remembered."""

    def __init__(self, way: Approach, barred: Barred = NONE_BARRED) -> None:
        self._left = [(q, segment_of(way, q)) for q in CANDIDATES if q not in barred]
        self._known: dict[frozenset[Tcb], Send] = {}
        # Where a faulty peer may be: unmoved, gone, or where another segment at its place would have led.
        rivals = {way.tcb, way.tcb.gone()}
        for flags in _TEMPTATIONS:
            data = b"0123456789" if flags == "P." else b""
            rivals |= {r.next for r in arrives(way.tcb, segment_of(way, Send(flags, data=data)))}
        self._rivals = frozenset(rivals)

    def best(self, permitted: frozenset[Tcb]) -> Send:
        """The question for a peer that may now have one of these blocks."""
        if permitted not in self._known:
            self._known[permitted] = max(self._left, key=lambda one: self._worth(one[1], permitted))[0]
        return self._known[permitted]

    def _worth(self, segment: Segment, permitted: frozenset[Tcb]) -> tuple[bool, int]:
        """(every permitted state answers, how many pairs of a permitted and a wrong state it tells apart)."""

        def answers(tcb: Tcb) -> frozenset[object]:
            replies = (r.reply for r in arrives(tcb, segment))
            return frozenset(None if r is None else (r.flags, r.seqs, r.ack) for r in replies)

        good, bad = [answers(tcb) for tcb in permitted], [answers(tcb) for tcb in self._rivals - permitted]
        return all(None not in found for found in good), sum(not g & b for g in good for b in bad)


def segment_of(way: Approach, step: Send) -> Segment:
    """A step of a cell as the segment it is where the peer has the model's block."""
    assert isinstance(step.data, bytes)
    flags = parse_flags(step.flags)
    ack = way.number(step.ack) if flags & ACK else Seq(0)
    return Segment(way.number(step.seq), ack, flags, step.window, len(step.data), step.data)
