"""One builder per state, each made from the one before, and the words in which tests say what must happen.

The tester's ISN is ``T``, the peer's ``P``: both lie so that the numbers of every exchange pass 2**32. All numbers in
tests are distances: those of the tester's segments from ``T`` (``seq=1`` is RCV.NXT after the handshake), those of the
peer's from ``P``.
"""

from __future__ import annotations

from dataclasses import replace

from probe.spec.arrives import arrives
from probe.spec.reaction import Reaction, Reply
from probe.spec.segment import ACK, RST, TIMESTAMPS, Option, Segment, flags_text, parse_flags
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

T, P = Seq(2**32 - 3), Seq(2**32 - 2)
WINDOW = 1000
GRANTED = 4096
"""Octets the tester's window allows the peer (SND.WND and MAX.SND.WND)."""


def closed(**changes: object) -> Tcb:
    return _with(Tcb(State.CLOSED), changes)


def listen(**changes: object) -> Tcb:
    return _with(replace(closed(), state=State.LISTEN, listening=True), changes)


def syn_sent(**changes: object) -> Tcb:
    block = replace(closed(), state=State.SYN_SENT, passive=False, iss=P, snd_una=P, snd_nxt=P + 1, rcv_wnd=WINDOW)
    return _with(block, changes)


def syn_received(**changes: object) -> Tcb:
    """From LISTEN; ``passive=False`` for one from SYN-SENT (simultaneous open)."""
    block = replace(
        listen(),
        state=State.SYN_RECEIVED,
        iss=P,
        snd_una=P,
        snd_nxt=P + 1,
        snd_wnd=GRANTED,
        max_snd_wnd=GRANTED,
        irs=T,
        rcv_nxt=T + 1,
        rcv_wnd=WINDOW,
    )
    return _with(block, changes)


def established(**changes: object) -> Tcb:
    block = replace(syn_received(), state=State.ESTABLISHED, snd_una=P + 1, snd_wl1=T + 1, snd_wl2=P + 1)
    return _with(block, changes)


def fin_wait_1(**changes: object) -> Tcb:
    """The peer's FIN is at P+1."""
    return _with(replace(established(), state=State.FIN_WAIT_1, snd_nxt=P + 2), changes)


def fin_wait_2(**changes: object) -> Tcb:
    return _with(replace(fin_wait_1(), state=State.FIN_WAIT_2, snd_una=P + 2), changes)


def close_wait(**changes: object) -> Tcb:
    """The tester's FIN was at T+1."""
    block = replace(established(), state=State.CLOSE_WAIT, rcv_nxt=T + 2, rcv_wnd=WINDOW, fin_received=True)
    return _with(block, changes)


def closing(**changes: object) -> Tcb:
    block = replace(fin_wait_1(), state=State.CLOSING, rcv_nxt=T + 2, fin_received=True)
    return _with(block, changes)


def last_ack(**changes: object) -> Tcb:
    return _with(replace(close_wait(), state=State.LAST_ACK, snd_nxt=P + 2), changes)


def time_wait(**changes: object) -> Tcb:
    return _with(replace(closing(), state=State.TIME_WAIT, snd_una=P + 2), changes)


SYNCHRONIZED = (established, fin_wait_1, fin_wait_2, close_wait, closing, last_ack, time_wait)
BUILDERS = (closed, listen, syn_sent, syn_received, *SYNCHRONIZED)


def _with(block: Tcb, changes: dict[str, object]) -> Tcb:
    return replace(block, **changes)  # type: ignore[arg-type]  # the fields of Tcb, by name


def seg(flags: str, seq: int = 1, ack: int = 1, length: int = 0, **fields: object) -> Segment:
    """The tester's segment: flags as tcpdump writes them, numbers as distances from T and P."""
    bits = parse_flags(flags)
    number = P + ack if bits & ACK else Seq(0)
    return replace(Segment(T + seq, number, bits, 8192, length), **fields)  # type: ignore[arg-type]


def stamped(value: int, echo: int = 0) -> tuple[Option, ...]:
    """The timestamps option (RFC 7323 section 3.2)."""
    return (Option(TIMESTAMPS, value.to_bytes(4, "big") + echo.to_bytes(4, "big")),)


Due = tuple[str, str, State] | tuple[str, str, State, str]
"""Row, reply, state after, and which stacks may do so ("" for all). A reply reads ``. seq 1 ack 2``; ``ack 2 later``
is an acknowledgment that may be delayed; an empty one is silence."""


def expect(tcb: Tcb, segment: Segment, *due: Due, rule: str = "", **after: object) -> tuple[Reaction, ...]:
    """``arrives`` permits exactly these reactions. ``rule`` is that of all, ``after`` variables of the first one.

    Sequence variables are given as distances: those of the sender from P, those of the receiver from T.
    """
    reactions = arrives(tcb, segment)
    said = sorted(map(_said, reactions))
    wanted = sorted((*one, "") if len(one) == 3 else one for one in due)
    assert said == wanted, f"{said} instead of {wanted}"
    assert not rule or {r.rule for r in reactions} == {rule}, {r.rule for r in reactions}
    block = next(r.next for r in reactions if _said(r)[:3] == due[0][:3])
    found = {name: _distance(name, getattr(block, name)) for name in after}
    assert found == after, f"{found} instead of {after}"
    return reactions


def _said(reaction: Reaction) -> tuple[str, str, State, str]:
    return reaction.row, reply_text(reaction.reply), reaction.next.state, reaction.only


def reply_text(reply: Reply | None) -> str:
    """The pattern with distances from P and T."""
    if reply is None:
        return ""
    assert reply.ack is None or reply.flags & ACK
    acked = "" if reply.ack is None else f"ack {reply.ack - T}"
    if reply.covers:
        return f"{acked} later"
    if reply.ack_from is not None and reply.ack is not None:
        acked = f"ack {reply.ack_from - T}..{reply.ack - T}"
    absolute = reply.flags == RST | ACK and reply.seqs == (0,)
    seqs = ["0" if absolute else str(seq - P) for seq in dict.fromkeys(reply.seqs)]
    parts = [flags_text(reply.flags), f"seq {' or '.join(seqs)}" if seqs else "", acked]
    if reply.above is not None:
        parts.append(f"above {reply.above - P}")
    return " ".join(part for part in parts if part)


def _distance(name: str, value: object) -> object:
    if not isinstance(value, Seq):
        return value
    return value - (P if name.startswith(("snd_una", "snd_nxt", "iss", "snd_wl2")) else T)
