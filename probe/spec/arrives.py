"""SEGMENT ARRIVES (RFC 9293 section 3.10.7): what an end may do with a segment, as a pure function.

``arrives(tcb, segment)`` returns every permitted reaction; which one a stack takes identifies its profile. Rows carry
the ids of ``probe.spec.rows``; they are tried in the RFC's order.
"""

from __future__ import annotations

from collections.abc import Callable

from probe.spec.reaction import Reactions, covering_ack, drop, react, reset_for, reset_of, syn_ack
from probe.spec.records import replace
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.states import State
from probe.spec.synchronized import others
from probe.spec.tcb import Tcb
from probe.spec.text import queued, text_and_fin

Oracle = Callable[[Tcb, Segment], Reactions]
"""``arrives``, or what remembers its answers."""


def arrives(tcb: Tcb, segment: Segment) -> Reactions:
    """Every permitted reaction of an end in ``tcb`` to ``segment``; never empty; the block itself is not changed."""
    if "checksum" in segment.faults:
        return (drop("Z1", tcb, segment),)
    match tcb.state:
        case State.CLOSED if tcb.listening:
            # A deleted connection on a listening port is LISTEN for the next segment (RFC 9293 section 3.10.7.2).
            usual = _listen(tcb.back_to_listen(), segment, tcb)
        case State.CLOSED if segment.flags & RST:
            usual = (drop("C1", tcb, segment),)
        case State.CLOSED:
            row = "C3" if segment.flags & ACK else "C2"
            usual = (react(row, tcb, segment, reset_for(segment), tcb),)
        case State.LISTEN:
            usual = _listen(tcb, segment, tcb)
        case State.SYN_SENT:
            usual = _syn_sent(tcb, segment)
        case _:
            usual = others(tcb, segment)
    if not any(option.fault for option in segment.options):
        return usual
    # MUST-7 asks to be prepared only: dropping and resetting are permitted beside ignoring the option (row Z4).
    dropped = drop("Z4", tcb, segment)
    if segment.flags & RST:
        return (dropped, *usual)  # a RST never draws a RST (section 3.5.2)
    usual_reset = reset_for(segment)  # who has sent nothing has no number of its own
    reply = usual_reset if tcb.iss is None else reset_of(tcb, segment, *usual_reset.seqs)
    reset = (react("Z4", tcb, segment, reply, after) for after in tcb.reset())
    return (dropped, *reset, *usual)


def _listen(tcb: Tcb, segment: Segment, shown: Tcb) -> Reactions:
    """LISTEN; ``shown`` is the block to keep on silence (a CLOSED connection stays CLOSED in the reports)."""
    if segment.flags & RST:
        return (drop("L1", shown, segment),)
    if segment.flags & ACK:
        return (react("L2", shown, segment, reset_for(segment), shown),)
    if not segment.flags & SYN:
        return (drop("L5", shown, segment),)
    block, first = tcb.called(segment), segment.seq + 1
    # Text may be acknowledged at once, too (Fast Open).
    upto = first + segment.length if segment.length else None
    return tuple(react("L4", tcb, segment, syn_ack(first, upto=upto), after) for after in queued(block, segment))


def _syn_sent(tcb: Tcb, segment: Segment) -> Reactions:
    acked = bool(segment.flags & ACK)
    if acked and not tcb.snd_una < segment.ack <= tcb.snd_nxt:  # first: SND.UNA is the ISS as long as nothing is acked
        if segment.flags & RST:
            return (drop("S1", tcb, segment),)
        return (react("S2", tcb, segment, reset_for(segment), tcb),)
    if segment.flags & RST:  # second; without an ACK anybody could have sent it
        return (react("S3", tcb, segment, None, tcb.gone()) if acked else drop("S4", tcb, segment),)
    if not segment.flags & SYN:  # fourth, fifth
        return (drop("S8", tcb, segment),)
    block = tcb.synchronized_by(segment)
    if not acked:
        # Simultaneous open: the SYN,ACK repeats the ISS already in use (MUST-10, Figure 7).
        crossed = replace(block, state=State.SYN_RECEIVED)
        reply = syn_ack(block.rcv_nxt, seq=tcb.snd_una)
        return tuple(react("S7", tcb, segment, reply, after) for after in queued(crossed, segment))
    # The ACK may ride on data.
    plain = replace(block, state=State.ESTABLISHED, snd_una=segment.ack)
    alone = react("S6", tcb, segment, covering_ack(plain), plain)
    rest = replace(segment, seq=segment.seq + 1, flags=segment.flags & ~SYN)
    if not rest.seg_len:
        return (alone,)
    # "If there are other controls or text in the segment, then continue processing at the sixth step" (fourth): one ACK
    # may answer both, or each has its own. Who leaves the rest out takes it when it comes again.
    at_once = (replace(r, row="S6", rule=alone.rule) for r in text_and_fin("S6", plain, plain, rest))
    return (*at_once, replace(alone, rest=rest), replace(alone, against="active.synack-with-data"))
