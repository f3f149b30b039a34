"""A SYN that meets TIME-WAIT: RFC 9293 section 3.6.1 (MAY-2, SHLD-4) and RFC 6191 section 2."""

from __future__ import annotations

from probe.spec.reaction import CLASSIC, Reactions, Reply, acknowledge, drop, react, reset_for, syn_ack
from probe.spec.segment import RST, Segment
from probe.spec.seq import HALF, Seq
from probe.spec.tcb import Tcb


def syn_in_time_wait(tcb: Tcb, segment: Segment) -> Reactions:
    """The permitted reactions: rows T1 to T10, for a stack whose choice among the options is not known.

    A newer SYN may be honoured, acknowledged, or (in the window, without RFC 5961) reset; an older one draws an ACK or
    nothing, never a SYN,ACK. Mixed evidence (newer number with an older timestamp or the reverse) permits either.
    """
    last = tcb.rcv_nxt - 1
    # Exactly half the space away is neither before nor behind (RFC 9293 section 3.4): it may pass for either.
    undecided = segment.seq.ahead_of(tcb.rcv_nxt) == HALF
    newer = segment.seq > last or undecided
    fresh = _honoured_by_timestamps(tcb, segment, newer)
    row = "T1" if newer or fresh else "T9"
    out = [acknowledge(row, tcb, segment)]
    if fresh or newer:
        # The new incarnation's ISS must lie beyond all numbers used before (MAY-2 condition 1).
        reopening = syn_ack(segment.seq + 1, above=tcb.snd_nxt - 1)
        out.append(react(row, tcb, segment, reopening, tcb.called(segment)))
    if not fresh or undecided:
        out.append(drop(row, tcb, segment))
    if tcb.acceptable(segment):
        reply = Reply(RST, (tcb.snd_nxt, *reset_for(segment).seqs), loose_ack=True)
        out.append(react(row, tcb, segment, reply, tcb.gone(), CLASSIC))
    return tuple(out)


def _honoured_by_timestamps(tcb: Tcb, segment: Segment, newer: bool) -> bool:
    """Whether RFC 6191 section 2 lets the SYN open a new connection."""
    stamps = segment.timestamps
    if tcb.timestamps and stamps is not None:
        latest = Seq(tcb.ts_recent)  # TSvals compare like sequence numbers (RFC 7323 section 5.2)
        return newer if stamps[0] == latest else Seq(stamps[0]) > latest
    return newer if stamps is None else True
