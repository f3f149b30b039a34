"""The segment that tells which state the peer is in after a stimulus: chosen from the oracle, state by state.

A question is good if every permitted next state must answer it, and if the states a faulty peer may be in instead
answer it otherwise. A segment with one garbage octet below the window is asked first: stacks limit how often they
answer segments without payload, and that one has some. It ends one short of RCV.NXT, where no stack takes it for new.
"""

from __future__ import annotations

from functools import lru_cache

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

Answer = tuple[int, tuple[Seq, ...], Seq | None] | None


Barred = frozenset[Send]
NONE_BARRED: Barred = frozenset()


@lru_cache(maxsize=1 << 12)
def best_question(way: Approach, permitted: frozenset[Tcb], barred: Barred = NONE_BARRED) -> Send:
    """The question for a peer that was brought into a state by ``way`` and may now have one of these blocks.

    ``barred`` are questions that this peer does not answer as it should; one at least is left.
    """
    rivals = _rivals(way) - permitted
    left = [question for question in CANDIDATES if question not in barred]
    return max(left, key=lambda question: _worth(way, question, permitted, rivals))


def _worth(way: Approach, question: Send, permitted: frozenset[Tcb], rivals: frozenset[Tcb]) -> tuple[bool, int]:
    """(every permitted state answers, how many pairs of a permitted and a wrong state it tells apart)."""
    segment = segment_of(way, question)
    good = [_answers(tcb, segment) for tcb in permitted]
    bad = [_answers(tcb, segment) for tcb in rivals]
    return all(None not in answers for answers in good), sum(not g & b for g in good for b in bad)


def segment_of(way: Approach, step: Send) -> Segment:
    """A step of a cell as the segment it is where the peer has the model's block."""
    assert isinstance(step.data, bytes)
    flags = parse_flags(step.flags)
    ack = way.number(step.ack) if flags & ACK else Seq(0)
    return Segment(way.number(step.seq), ack, flags, step.window, len(step.data), step.data)


def _answers(tcb: Tcb, segment: Segment) -> frozenset[Answer]:
    replies = (r.reply for r in arrives(tcb, segment))
    return frozenset(None if r is None else (r.flags, r.seqs, r.ack) for r in replies)


@lru_cache(maxsize=64)
def _rivals(way: Approach) -> frozenset[Tcb]:
    """Where a faulty peer may be: unmoved, gone, or where another segment at its place would have led."""
    found = {way.tcb, way.tcb.gone()}
    for flags in _TEMPTATIONS:
        data = b"0123456789" if flags == "P." else b""
        found |= {r.next for r in arrives(way.tcb, segment_of(way, Send(flags, data=data)))}
    return frozenset(found)
