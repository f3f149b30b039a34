"""SEGMENT ARRIVES in SYN-RECEIVED and the synchronized states (RFC 9293 section 3.10.7.4), in the RFC's eight steps.

A step stops with its reactions or lets the segment pass; PAWS may do both. A SYN that meets TIME-WAIT comes first.
"""

from __future__ import annotations

from probe.spec.reaction import (
    CLASSIC,
    MITIGATED,
    Reaction,
    Reactions,
    acknowledge,
    drop,
    pure_ack,
    react,
    reset_for,
    reset_of,
    syn_ack,
)
from probe.spec.records import replace
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import HALF, Seq, later
from probe.spec.states import FIN_UNACKED, State
from probe.spec.tcb import Tcb
from probe.spec.text import queued, text_and_fin

Outcome = tuple[Reactions, bool]
"""The reactions that stop here, and whether the segment may also pass to the next step."""

PASSED: Outcome = ((), True)
_ACK_ROWS = {
    (State.FIN_WAIT_1, State.FIN_WAIT_2): "W2",
    (State.FIN_WAIT_2, State.FIN_WAIT_2): "V2",
    (State.CLOSE_WAIT, State.CLOSE_WAIT): "K2",
    (State.CLOSING, State.CLOSING): "G3",
    (State.CLOSING, State.TIME_WAIT): "G2",
    (State.LAST_ACK, State.LAST_ACK): "A3",
    (State.TIME_WAIT, State.TIME_WAIT): "T16",
}
"""The row that an acknowledgment without text and FIN shows, by the states before and after it; else E2."""


def others(tcb: Tcb, segment: Segment) -> Reactions:
    """The permitted reactions in every state but CLOSED, LISTEN and SYN-SENT."""
    # Two checks stand before the RFC's first step: the reuse of TIME-WAIT (section 3.6.1) and PAWS (RFC 7323 section
    # 5.3 R1). The third step (security) has no part here, the sixth (URG) changes no state; ``text`` has the last two.
    if tcb.state is State.TIME_WAIT and segment.flags & (SYN | ACK | RST) == SYN:
        return _syn_in_time_wait(tcb, segment)
    if tcb.timestamps and segment.timestamps is None and not segment.flags & (SYN | RST):
        # "If a non-<RST> segment is received without a TSopt, a TCP SHOULD silently drop the segment" (RFC 7323 3.2).
        heeded = (acknowledge("F2", tcb, segment), *_eight_steps(tcb, segment))
        return (drop("F2", tcb, segment), *(replace(r, against="opt.ts-missing-dropped") for r in heeded))
    return _eight_steps(tcb, segment)


def _eight_steps(tcb: Tcb, segment: Segment) -> Reactions:
    out: list[Reaction] = []
    for step in (_paws, _sequence, _reset, _syn):
        stops, passes = step(tcb, segment)
        out.extend(stops)
        if not passes:
            return tuple(out)
    if not segment.flags & ACK:
        return (*out, drop("R7" if tcb.state is State.SYN_RECEIVED else "F7", tcb, segment))
    return (*out, *_ack_range(tcb, segment), *_ack_field(tcb, segment), *_held_back(tcb, segment))


def _held_back(tcb: Tcb, segment: Segment) -> Reactions:
    """ "Segments with higher beginning sequence numbers SHOULD be held for later processing" (3.10.7.4 first).

    If one takes it so, whole: its ACK field waits with the rest, and so does what that would draw.
    """
    if not segment.seq > tcb.rcv_nxt or not segment.ack > tcb.snd_una:
        return ()
    return text_and_fin("R9" if tcb.state is State.SYN_RECEIVED else "E2", tcb, tcb, segment)


def _syn_in_time_wait(tcb: Tcb, segment: Segment) -> Reactions:
    """RFC 9293 section 3.6.1 (MAY-2, SHLD-4) and RFC 6191 section 2, for a stack whose choice is not known.

    A newer SYN may be honoured, acknowledged, or (in the window, without RFC 5961) reset; an older one draws an ACK or
    nothing, never a SYN,ACK. Mixed evidence (newer number with an older timestamp or the reverse) permits either.
    """
    # Exactly half the space away is neither before nor behind (RFC 9293 section 3.4): it may pass for either.
    undecided = segment.seq.ahead_of(tcb.rcv_nxt) == HALF
    newer = fresh = segment.seq > tcb.rcv_nxt - 1 or undecided
    if segment.timestamps is not None and tcb.timestamps:
        # RFC 6191 section 2 honours it by its timestamp; TSvals compare like sequence numbers (RFC 7323 section 5.2).
        stamp, latest = Seq(segment.timestamps[0]), Seq(tcb.ts_recent)
        fresh = stamp > latest or (newer and stamp == latest)
    elif segment.timestamps is not None and not (tcb.passive and tcb.offer_timestamps):
        # Honoured where timestamps "would be enabled for the new incarnation": its SYN,ACK "would also contain" them.
        # An end that left an offer unanswered has none to give; one that made the offer has; of any other who knows?
        fresh, undecided = True, undecided or not (newer or tcb.offer_timestamps)
    row = "T1" if newer or fresh else "T9"
    out = [acknowledge(row, tcb, segment)]
    if fresh or newer:
        # The new incarnation's ISS must lie beyond all numbers used before (MAY-2 condition 1).
        reopening = syn_ack(segment.seq + 1, above=tcb.snd_nxt - 1)
        anew = replace(tcb.called(segment), reopened=tcb)
        out += [react(row, tcb, segment, reopening, after) for after in queued(anew, segment)]
    if not fresh or undecided:
        out.append(drop(row, tcb, segment))
    if segment.seq.within(tcb.rcv_nxt, tcb.rcv_wnd):  # the SYN itself: "If the SYN is in the window it is an error"
        reply = reset_of(tcb, segment, *reset_for(segment).seqs)
        out.append(react(row, tcb, segment, reply, tcb.gone(), CLASSIC))
    return tuple(out)


def _paws(tcb: Tcb, segment: Segment) -> Outcome:
    """RFC 7323: an older TSval draws an ACK (section 5.3 R1), but not on a RST (5.2).

    "If the PAWS algorithm is used" (section 5.3): who takes up timestamps to measure with alone lets the segment pass.
    """
    stamps = segment.timestamps
    if not tcb.timestamps or stamps is None or segment.flags & RST:
        return PASSED
    older = Seq(stamps[0]) < Seq(tcb.ts_recent)  # TSvals compare like sequence numbers (RFC 7323 section 5.2)
    return ((acknowledge("F1", tcb, segment),), True) if older else PASSED


def _sequence(tcb: Tcb, segment: Segment) -> Outcome:
    if tcb.acceptable(segment):
        return PASSED
    opening = tcb.state is State.SYN_RECEIVED
    closed_window = tcb.rcv_wnd == 0 and segment.seq == tcb.rcv_nxt
    if closed_window and segment.flags & RST:
        return PASSED  # processed "even when the receive window is zero" (MUST-66), with text, too
    if segment.flags & RST:
        return (drop("R1" if opening else "F3", tcb, segment),), False
    if opening and segment.flags & SYN and segment.seq == tcb.irs:
        return _syn_again(tcb, segment), False
    row = "R4" if opening else "F4"
    if tcb.state is State.TIME_WAIT and segment.flags & FIN and segment.end == tcb.rcv_nxt:
        row = "T12"
    plain = acknowledge(row, tcb, segment)
    acks = segment.flags & (ACK | SYN) == ACK and tcb.snd_una < segment.ack <= tcb.snd_nxt
    if row != "T12" and closed_window and acks:
        # "special allowance should be made to accept valid ACKs" with a closed window (first step).
        counted = _opened(tcb, segment) if opening else _acked(tcb, segment)
        return (plain, react(row, tcb, segment, pure_ack(tcb), counted)), False
    return (plain, *_refused_ack(row, tcb, segment)), False


def _syn_again(tcb: Tcb, segment: Segment) -> Reactions:
    if not segment.flags & ACK:
        again = syn_ack(tcb.rcv_nxt, seq=tcb.iss)
        return (acknowledge("R2", tcb, segment), react("R2", tcb, segment, again, tcb))
    if tcb.passive or not tcb.snd_una < segment.ack <= tcb.snd_nxt:
        return (acknowledge("R4", tcb, segment), *_refused_ack("R4", tcb, segment))
    # RFC 9293 Figure 7 establishes here, the sequence test would refuse: Appendix A.2 leaves both standing.
    open_ = _opened(tcb, segment)
    bare = replace(segment, seq=tcb.rcv_nxt, flags=ACK, length=0)
    return (
        *text_and_fin("R3", tcb, open_, bare),
        react("R3", tcb, segment, pure_ack(open_), replace(open_, held=())),
        acknowledge("R3", tcb, segment),
    )


def _refused_ack(row: str, tcb: Tcb, segment: Segment) -> Reactions:
    """In SYN-RECEIVED an unacceptable ACK draws a RST wherever the segment lies (section 3.5.2 group 2).

    Section 3.10.7.4 looks at the sequence number first: the two texts differ, so both answers stand.
    """
    acceptable = tcb.snd_una < segment.ack <= tcb.snd_nxt
    if tcb.state is not State.SYN_RECEIVED or acceptable or segment.flags & (ACK | RST) != ACK:
        return ()
    return (react(row, tcb, segment, reset_for(segment, tcb.rcv_nxt), tcb),)


def _reset(tcb: Tcb, segment: Segment) -> Outcome:
    """Second step; RFC 5961 section 3.2 asks for an exact match and a challenge ACK otherwise."""
    if not segment.flags & RST:
        return PASSED
    row = {State.SYN_RECEIVED: "R5", State.TIME_WAIT: "T11"}.get(tcb.state, "F5")
    ends = tuple(react(row, tcb, segment, None, after) for after in tcb.reset())
    # RFC 1337 section 3 (informational), fix F1: a custom, which "enter the CLOSED state" does not leave room for.
    ignored = (replace(drop(row, tcb, segment), against="timewait.rst"),) if row == "T11" else ()
    if segment.seq == tcb.rcv_nxt:
        return (*ends, *ignored), False
    classic = tuple(replace(end, only=CLASSIC) for end in ends)
    challenge = acknowledge(row, tcb, segment, MITIGATED)
    if segment.seq > tcb.rcv_nxt:
        return (challenge, *classic, *ignored), False
    # Only the tail lies in the window: "outside" by the number of the segment, "within" by what is left of it trimmed.
    return (drop(row, tcb, segment, MITIGATED), challenge, *classic), False


def _syn(tcb: Tcb, segment: Segment) -> Outcome:
    """Fourth step: challenge ACK (RFC 5961 section 4.2), or the reset of RFC 793; a half-open passive open: LISTEN."""
    if not segment.flags & SYN:
        return PASSED
    if segment.seq.within(tcb.rcv_nxt, tcb.rcv_wnd):
        if tcb.state is State.SYN_RECEIVED and tcb.passive:
            back = react("R6", tcb, segment, None, tcb.back_to_listen())
            return (back, *_refused_ack("R6", tcb, segment)), False
        return _challenge_or_reset(tcb, segment), False
    # Only octets behind the SYN are in the window: the first step trims the SYN, RFC 5961 challenges it.
    rest = replace(segment, seq=segment.seq + 1, flags=segment.flags & ~SYN)
    trimmed = tuple(r for r in others(tcb, rest) if r.only != MITIGATED)
    if tcb.state is State.SYN_RECEIVED:
        if segment.seq == tcb.irs:
            return _syn_again(tcb, segment) + trimmed, False
        challenge = acknowledge("R4", tcb, segment, MITIGATED)
        # To trim is a suggestion ("one could"); who does not sees the SYN bit of an acceptable segment (fourth step).
        untrimmed = (react("R6", tcb, segment, None, tcb.back_to_listen()),) if tcb.passive else ()
        return (challenge, *trimmed, *untrimmed), False
    return _challenge_or_reset(tcb, segment) + tuple(replace(r, only=CLASSIC) for r in trimmed), False


def _challenge_or_reset(tcb: Tcb, segment: Segment) -> Reactions:
    reset = react("F6", tcb, segment, reset_of(tcb, segment, *reset_for(segment).seqs), tcb.gone(), CLASSIC)
    return acknowledge("F6", tcb, segment, MITIGATED), reset


def _ack_range(tcb: Tcb, segment: Segment) -> Reactions:
    """MAY-12: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT, else an ACK; optional, so the segment may also pass.

    A number before ISS+1 never was an acknowledgment of anything: it may be refused the same way (section 3.5.2).
    """
    lowest = tcb.snd_una - tcb.max_snd_wnd
    if tcb.state is not State.SYN_RECEIVED and tcb.iss is not None:
        lowest = later(lowest, tcb.iss + 1)
    if lowest <= segment.ack <= tcb.snd_nxt:
        return ()
    row = "R8" if tcb.state is State.SYN_RECEIVED else "F8"
    if segment.ack > tcb.snd_nxt and row == "F8":
        return ()  # row F9 demands the same ACK without the option
    return (acknowledge(row, tcb, segment, MITIGATED),)


def _ack_field(tcb: Tcb, segment: Segment) -> Reactions:
    if tcb.state is State.SYN_RECEIVED:
        if not tcb.snd_una < segment.ack <= tcb.snd_nxt:
            return (react("R10", tcb, segment, reset_for(segment, tcb.rcv_nxt), tcb),)
        return text_and_fin("R9", tcb, _opened(tcb, segment), segment)
    if segment.ack > tcb.snd_nxt:
        silent = (drop("F9", tcb, segment),) if tcb.state in (State.LAST_ACK, State.TIME_WAIT) else ()
        return (acknowledge("F9", tcb, segment), *silent)
    after = _acked(tcb, segment)
    if tcb.state is State.LAST_ACK and after.state is State.CLOSED:
        return (react("A2", tcb, segment, None, after),)
    if tcb.state is State.TIME_WAIT and segment.seq > tcb.rcv_nxt and not segment.seg_len:
        # Only the FIN again is foreseen here: "acknowledge it" (fifth step). Behind a gap anything may pass for that.
        return drop("T16", tcb, segment), acknowledge("T16", tcb, segment)
    return text_and_fin(_ACK_ROWS.get((tcb.state, after.state), "E2"), tcb, after, segment)


def _opened(tcb: Tcb, segment: Segment) -> Tcb:
    """ESTABLISHED; the send window comes from this segment, whatever was there before (fifth step, SYN-RECEIVED)."""
    fresh = replace(tcb, state=State.ESTABLISHED, reopened=None, snd_wl1=segment.seq, snd_wl2=segment.ack)
    return fresh.taking_ack(segment)


def _acked(tcb: Tcb, segment: Segment) -> Tcb:
    """The block after the ACK field: SND.UNA moved, own FIN acknowledged or not (fifth step, per state)."""
    after = tcb.taking_ack(segment)
    if not (tcb.state in FIN_UNACKED and after.fin_acked):
        return after
    if tcb.state is State.LAST_ACK:
        return tcb.gone()
    return replace(after, state=State.FIN_WAIT_2 if tcb.state is State.FIN_WAIT_1 else State.TIME_WAIT)
