"""What can be wrong with one reaction: another answer, or the right answer and the wrong move.

An operator is a fault (``tests.helpers.peer.Fault``) that needs of a stack only its blocks, so that the peer of the
dialogues and the one behind a TUN device share it. It gets what is due and returns what is sent instead; where it
changes nothing, or into something that is permitted as well, it is no mutant (``acting``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from probe.spec.reaction import Reaction
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

WINDOW = 29200


class Stack(Protocol):
    """``tcb`` is the block after the reaction, ``before`` the one that the segment met."""

    tcb: Tcb
    before: Tcb


Operator = Callable[[Stack, Segment, Reaction, list[Segment]], list[Segment]]
Moved = Callable[[Tcb, Tcb, Segment], Tcb]
"""Gets the block before, the block due and the segment; returns the block instead."""


def _silent(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
    return []


def _acks(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
    tcb = stack.tcb if stack.tcb.iss is not None else stack.before
    return out or ([Segment(tcb.snd_nxt, tcb.rcv_nxt, ACK, WINDOW)] if tcb.iss is not None else [])


def _numbered(*, seq: int = 0, ack: int = 0) -> Operator:
    def operator(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
        return [replace(s, seq=s.seq + seq, ack=s.ack + (ack if s.flags & ACK else 0)) for s in out]

    return operator


def _rst(segment: Segment, block: Tcb) -> Segment:
    if segment.flags & ACK:
        return Segment(segment.ack, flags=RST)
    return Segment(Seq(0), segment.end, RST | ACK) if block.iss is None else Segment(block.snd_nxt, flags=RST)


def _resets(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
    stack.tcb = stack.before.gone()
    return [_rst(segment, stack.before)]


def _says_rst(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
    return [_rst(segment, stack.before)]


def _says_syn(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
    return [Segment(Seq(0x5EED), segment.seq + 1, SYN | ACK, WINDOW)] if segment.flags & SYN else out


def _moves(moved: Moved) -> Operator:
    def operator(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
        if stack.tcb.iss is not None or stack.before.iss is not None:
            stack.tcb = moved(stack.before, stack.tcb, segment)
        return out

    return operator


def _alive(due: Tcb) -> bool:
    return due.state not in (State.CLOSED, State.LISTEN)


def _where_alive(**changes: Callable[[Tcb, Tcb, Segment], object]) -> Operator:
    """These fields of the block that is due, where a connection is left."""

    def moved(before: Tcb, due: Tcb, segment: Segment) -> Tcb:
        if not _alive(due):
            return due
        return replace(due, **{name: value(before, due, segment) for name, value in changes.items()})  # type: ignore[arg-type]

    return _moves(moved)


_WRONG = (State.ESTABLISHED, State.CLOSE_WAIT, State.TIME_WAIT)


def _turned(state: State, before: Tcb, due: Tcb, segment: Segment) -> Tcb:
    """Another state, with what it is made of: whether the other end's FIN came, whether the own one is acknowledged."""
    if not _alive(due):
        return due
    una = due.snd_nxt if state is State.TIME_WAIT else due.snd_una
    return replace(due, state=state, fin_received=state is not State.ESTABLISHED, snd_una=una)


def _opening(before: Tcb, due: Tcb, field: str) -> object:
    """The value before, unless there was no connection yet."""
    return getattr(before if before.iss is not None else due, field)


def _beyond(before: Tcb, due: Tcb, segment: Segment) -> Seq:
    end = segment.seq + bool(segment.flags & SYN) + segment.length + bool(segment.flags & FIN)
    return end if end > due.rcv_nxt else due.rcv_nxt


ANSWERS: dict[str, Operator] = {
    "silent": _silent,
    "acks": _acks,
    "seq-above": _numbered(seq=1),
    "seq-below": _numbered(seq=-1),
    "ack-above": _numbered(ack=1),
    "ack-below": _numbered(ack=-1),
    "resets": _resets,
    "says-rst": _says_rst,
    "says-syn-ack": _says_syn,
}
"""Another answer; the connection becomes what it must, but for ``resets``."""

MOVES: dict[str, Operator] = {
    "stays": _moves(lambda before, due, _: before if before.iss is not None else due),
    "forgets": _moves(lambda before, due, _: before.gone()),
    "keeps-state": _where_alive(state=lambda b, d, _: _opening(b, d, "state")),
    "rcv-nxt-kept": _where_alive(
        rcv_nxt=lambda b, d, _: d.rcv_nxt if b.state is State.SYN_SENT else _opening(b, d, "rcv_nxt")
    ),
    "rcv-nxt-above": _where_alive(rcv_nxt=lambda b, d, _: d.rcv_nxt + 1),
    "takes-all": _where_alive(rcv_nxt=_beyond),
    "snd-una-kept": _where_alive(snd_una=lambda b, d, _: _opening(b, d, "snd_una")),
    "snd-una-above": _where_alive(snd_una=lambda b, d, _: d.snd_nxt),
    "held-lost": _where_alive(held=lambda b, d, _: ()),
    **{f"to-{state.lower()}": _moves(partial(_turned, state)) for state in _WRONG},
}
"""The right answer, but the wrong move."""


def _flagged(drop: int) -> Operator:
    def operator(stack: Stack, segment: Segment, reaction: Reaction, out: list[Segment]) -> list[Segment]:
        return [replace(s, flags=s.flags & ~drop) for s in out]

    return operator


CALL_ANSWERS: dict[str, Operator] = {
    **{name: ANSWERS[name] for name in ("silent", "seq-above", "seq-below", "ack-above", "ack-below")},
    "without-ack": _flagged(ACK),
    "without-fin": _flagged(FIN),
    "rst": lambda stack, segment, reaction, out: [Segment(s.seq, flags=RST) for s in out],
}
"""Another segment than the call or the timer owes."""

CALL_MOVES: dict[str, Operator] = {
    "stays": _where_alive(state=lambda b, d, _: _opening(b, d, "state")),
    "forgets": _moves(lambda before, due, _: due.gone()),
    **{f"to-{state.lower()}": _moves(partial(_turned, state)) for state in _WRONG if state is not State.ESTABLISHED},
}
"""The segment is right, the state behind it is not."""
