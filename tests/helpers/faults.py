"""Defects for the oracle's peer: each changes one reply, one emission or one step between states, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from probe.spec.reaction import Reaction
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Option, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from tests.helpers.peer import LISTENING, Fault, Peer

Sent = list[Segment]


def silent(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Nothing is sent."""
    return []


def altered(*, seq: int = 0, ack: int = 0, add: int = 0, drop: int = 0, text: int = 0) -> Fault:
    """The reply with its numbers moved, flags added or dropped, octets of text on it."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return [
            replace(
                s, seq=s.seq + seq, ack=s.ack + ack, flags=(s.flags | add) & ~drop, length=text, payload=bytes(text)
            )
            for s in out
        ]

    return fault


def resets(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """A RST where it does not belong, and the connection is dropped."""
    peer.tcb = replace(peer.before.gone(), listening=True)
    return [Segment(segment.ack if segment.flags & ACK else peer.before.snd_nxt, flags=RST)]


def opens_anew(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """A SYN,ACK to whatever came, as if nothing had been there."""
    return [Segment(Seq(0x5EED), segment.seq + 1, SYN | ACK, 29200)]


def as_before(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The segment changes nothing and draws nothing."""
    peer.tcb = peer.before
    return []


def leaves_out(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Only the SYN counts, not what came with it."""
    peer.tcb = replace(peer.tcb, state=State.ESTABLISHED, rcv_nxt=segment.seq + 1, fin_received=False)
    return acks(peer, segment, reaction, out)


def acks(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """A pure ACK of what is there, needed or not."""
    tcb = peer.tcb if peer.tcb.iss is not None else peer.before
    return [Segment(tcb.snd_nxt, tcb.rcv_nxt, ACK, 29200)]


def forgets(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The right reply, but the connection is gone afterwards."""
    peer.tcb = LISTENING
    return out


def forgets_active(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The right reply, but the attempt to open is given up."""
    peer.tcb = peer.before.gone()
    return out


def lingers(state: State) -> Fault:
    """The right reply, but the wrong state afterwards."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        after = peer.tcb if peer.tcb.iss is not None else peer.before
        peer.tcb = replace(after, state=state)
        return out

    return fault


def late(seconds: float) -> Fault:
    """The right reply, too late."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        peer.later += [(peer.now + seconds, s) for s in out]
        return []

    return fault


def and_then(flags: int, *, text: int = 0) -> Fault:
    """One segment more than is due, after the right reply, at SND.NXT."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        tcb = peer.tcb
        return [*out, Segment(tcb.snd_nxt, tcb.rcv_nxt, flags, 29200, text, bytes(text))]

    return fault


def again_later(seconds: float, flags: int, *, back: int, text: int = 0) -> Fault:
    """The right reply, and after a while an unasked segment starting ``back`` before SND.NXT."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        tcb = peer.tcb
        peer.later.append((peer.now + seconds, Segment(tcb.snd_nxt - back, tcb.rcv_nxt, flags, 29200, text)))
        return out

    return fault


def keeps_alive(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Two keep-alives, back to back."""
    for seconds in (0.2, 0.5):
        again_later(seconds, ACK, back=1)(peer, segment, reaction, out)
    return out


def steady(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The timer is not backed off."""
    peer.backoff = 0
    return out


def same_isn(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Every connection gets the same ISN."""
    peer.iss = out[0].seq
    return out


def fin_for_rst(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """An abort that looks like a close."""
    return [replace(s, flags=FIN | ACK, ack=peer.before.rcv_nxt, window=29200) for s in out]


def speaks(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Data right behind the SYN,ACK, before the third segment came."""
    return and_then(PSH | ACK, text=20)(peer, segment, reaction, out)


def unsent(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The call is refused: nothing is sent and nothing counts as sent."""
    peer.tcb = peer.before
    return []


def only(when: Callable[[Segment], bool], fault: Fault) -> Fault:
    """The fault where the segment that came is of this kind; conforming elsewhere."""

    def picky(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return fault(peer, segment, reaction, out) if when(segment) else out

    return picky


def takes(octets: int) -> Fault:
    """Text that is not to be taken yet is taken and acknowledged."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        peer.tcb = replace(peer.before, rcv_nxt=peer.before.rcv_nxt + octets)
        return [Segment(peer.tcb.snd_nxt, peer.tcb.rcv_nxt, ACK, 29200)]

    return fault


def ends(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Nothing is said and the connection is gone."""
    peer.tcb = LISTENING
    return []


def establishes(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """What must not establish does."""
    peer.tcb = replace(peer.before, state=State.ESTABLISHED, snd_una=peer.before.snd_nxt)
    return []


def unacked(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """Text without an ACK, as from an end that knows no number to acknowledge."""
    peer.tcb = replace(peer.before, state=State.ESTABLISHED)
    return [Segment(segment.ack, flags=PSH, window=5840, length=5, payload=b"hello")]


def with_options(*options: Option, on_syn: bool = False) -> Fault:
    """These options more on segments with (or without) SYN."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return [
            replace(s, options=(*options, *s.options)) if bool(s.flags & SYN) is on_syn and not s.flags & RST else s
            for s in out
        ]

    return fault


def without(kind: int, *, on_syn: bool = False) -> Fault:
    """Segments with (or without) SYN lack an option that is due."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return [
            replace(s, options=tuple(o for o in s.options if o.kind != kind)) if bool(s.flags & SYN) is on_syn else s
            for s in out
        ]

    return fault


def header(**fields: object) -> Fault:
    """Header fields that no segment may have."""

    def fault(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return [replace(s, **fields) for s in out]  # type: ignore[arg-type]

    return fault


def not_at_first(fault: Fault) -> Fault:
    """The fault from the second connection on."""

    def second(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return fault(peer, segment, reaction, out) if peer.connections > 1 else out

    return second


def survives_exact(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """A RST at RCV.NXT is ignored."""
    return as_before(peer, segment, reaction, out) if segment.seq == peer.before.rcv_nxt else out


def keeps_time(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The right reply, but the timer of TIME-WAIT is not started anew."""
    peer.fixed = peer.gone_at
    return out


def full(fault: Fault) -> Fault:
    """The fault where the receive window is closed; conforming elsewhere."""

    def when_full(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
        return out if peer.before.rcv_wnd else fault(peer, segment, reaction, out)

    return when_full


def challenges(peer: Peer, segment: Segment, reaction: Reaction, out: Sent) -> Sent:
    """The segment changes nothing and draws the ACK of one that is not acceptable."""
    peer.tcb = peer.before
    return [Segment(peer.tcb.snd_nxt, peer.tcb.rcv_nxt, ACK, peer.tcb.rcv_wnd)]
