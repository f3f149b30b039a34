"""What is believed of an end of a captured connection before the first packet of its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from probe.engine.belief.hypothesis import Hypothesis
from probe.engine.belief.tracker import CLOSED, UNKNOWN_PORT, Belief
from probe.engine.belief.unrecorded import UNKNOWN_SCALE
from probe.results.connection import Packet
from probe.spec.calls import opened
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.segment import ACK, LARGEST_SHIFT, OPENING, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import SYNCHRONIZED, State
from probe.spec.tcb import Tcb

_MIDSTREAM = SYNCHRONIZED - {State.TIME_WAIT}
_FIN_RECEIVED = {State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK}
_ANY_WINDOW = 1 << 30
"""The SYNs that agreed on a window scale were not recorded: this window, and the largest shift, refuse nothing."""


def beginning(packets: Sequence[Packet], *, client: bool) -> Belief | None:
    """What is believed before the first packet; None where nothing can be.

    CLOSED, or a port that may listen; what a SYN made of it that the record lacks; anything synchronized
    in mid-connection.
    """
    first = packets[0].segment
    if first.flags & OPENING == SYN | ACK and not packets[0].from_client:
        return None if any(p.segment.flags & (SYN | ACK) == SYN for p in packets) else _asked(first, client=client)
    if first.flags & (SYN | ACK) != SYN or not packets[0].from_client:
        # Else what asked for it is not in the record, or there is more than one connection in it.
        one = not first.flags & RST and not any(p.segment.flags & SYN for p in packets)
        return _midstream(packets, client=client) if one else None
    if client:
        return CLOSED
    # What answers the SYN may be of an older connection, or not the first answer; or the record lacks the SYN,ACK.
    answers = [p.segment for p in packets if not p.from_client]
    first_is_one = not answers or answers[0].flags & (SYN | RST)
    missing = not any(s.flags & SYN for s in answers) and answers and first.end <= answers[0].ack
    return UNKNOWN_PORT if first_is_one or missing else None


def _asked(answer: Segment, *, client: bool) -> Belief:
    """What is believed where the record begins with a SYN,ACK: that tells all of the SYN before but its window."""
    scale = () if answer.window_scale is None else UNKNOWN_SCALE
    syn = Segment(PEER_ISN if client else TESTER_ISN, flags=SYN, window=0xFFFF, options=scale)
    if client:
        return frozenset({Hypothesis(opened(Tcb(State.CLOSED), syn))})
    return frozenset({Hypothesis(Tcb(State.LISTEN, listening=True), ((-1, syn),))})


def _midstream(packets: Sequence[Packet], *, client: bool) -> Belief | None:
    """Every synchronized state at the numbers of the end's first segment, canonical; None if it never speaks."""
    said = [p.segment for p in packets if p.from_client == client]
    other, own = first_number(packets, not client), first_number(packets, client)
    if not said or own is None or other is None or said[0].flags & (ACK | SYN | RST) != ACK:
        return None
    seq, ack = PEER_ISN + (said[0].seq - own), TESTER_ISN + (said[0].ack - other)
    numbers = (PEER_ISN + (segment.seq - own) for segment in said if not segment.flags & RST)
    oldest = min(numbers, key=lambda number: number - seq)
    block = Tcb(
        State.ESTABLISHED,
        iss=oldest - 1,
        snd_una=oldest,
        snd_nxt=seq,
        snd_wnd=_ANY_WINDOW,
        max_snd_wnd=_ANY_WINDOW,
        irs=TESTER_ISN,
        rcv_nxt=ack,
        rcv_wnd=_ANY_WINDOW,
        rcv_shift=LARGEST_SHIFT,
        snd_shift=LARGEST_SHIFT,
    )
    states = (replace(block, state=state, fin_received=state in _FIN_RECEIVED) for state in _MIDSTREAM)
    return frozenset(map(Hypothesis, states))


def first_number(packets: Sequence[Packet], from_client: bool) -> Seq | None:
    """The number of an end's first SYN, or of one that was answered; else that before the first octet told of."""
    own = [p.segment for p in packets if p.from_client == from_client]
    opening = next((s.seq for s in own if s.flags & SYN), None)
    if opening is not None:
        return opening
    others = [p.segment for p in packets if p.from_client != from_client]
    answered = next((s.ack - 1 for s in others if s.has(SYN | ACK)), None)
    if answered is not None:
        return answered
    heard = [s.ack - 1 for s in others if s.flags & ACK]
    said = [s.seq - 1 for s in own if not s.flags & RST or s.seq]
    return min((*heard[:1], *said[:1]), key=lambda n: n - (heard or said)[0], default=None)
