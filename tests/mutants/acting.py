"""A fault that acts at one place only, and only where it leaves what is permitted; it counts how often it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from probe.spec.arrives import arrives
from probe.spec.reaction import Reaction
from probe.spec.rows import ROWS
from probe.spec.segment import Segment
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.peer import Peer
from tests.mutants.operators import Operator, Stack


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a stack can be wrong: a row of SEGMENT ARRIVES and the rule it shows there, or a call and its state."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}:{self.what}"

    @property
    def is_row(self) -> bool:
        """Whether it is a row of SEGMENT ARRIVES."""
        return self.where in ROWS


@dataclass
class Acting:
    """``operator`` at ``place``; ``struck`` counts the times that something came of it."""

    place: Place
    operator: Operator
    struck: int = 0

    def __call__(self, peer: Stack, segment: Segment, reaction: Reaction | None, out: list[Segment]) -> list[Segment]:
        if place_of(self.place.where, peer, reaction) != self.place:
            return out
        due = peer.tcb
        changed = self.operator(peer, segment, reaction, list(out))  # type: ignore[arg-type]  # none of a call
        if (changed, peer.tcb) == (out, due):
            return out
        if reaction is not None and permitted_as_well(peer, segment, changed):
            peer.tcb = due
            return out
        self.struck += 1
        return changed


def place_of(where: str, stack: Stack, reaction: Reaction | None) -> Place:
    """The place of a reaction, or of what a call or a timer sends."""
    if reaction is not None:
        return Place(reaction.row, reaction.rule)
    state = stack.tcb.state if where == "RETRANSMIT" else stack.before.state
    return Place(where, str(state))


def permitted_as_well(stack: Stack, segment: Segment, out: list[Segment]) -> bool:
    """Whether this answer with this move is another permitted reaction, or one that the text only advises against."""
    return any(_does(r, stack.tcb, out) for r in arrives(stack.before, segment))


def _does(reaction: Reaction, tcb: Tcb, out: list[Segment]) -> bool:
    reply = reaction.reply
    if len(out) != (reply is not None) or (reply is not None and not reply.matches(out[0])):
        return False
    after = reaction.next
    if after.iss is None and tcb.iss is not None:
        if not out or out[0].seq != tcb.iss:
            return False
        after = replace(after, iss=tcb.iss, snd_una=tcb.snd_una, snd_nxt=tcb.snd_nxt)
    return reaction.rest is None and _kept(after) == _kept(tcb)


_GONE = (State.CLOSED, State.LISTEN)


def _kept(tcb: Tcb) -> tuple[object, ...]:
    """What of a block decides what becomes of the connection."""
    if tcb.state in _GONE:
        return (tcb.listening,)
    return (tcb.state, tcb.iss, tcb.snd_una, tcb.snd_nxt, tcb.rcv_nxt, tcb.held, tcb.fin_received)


class Noting(dict[str, Any]):
    """Faults that change nothing and note the places met; rows and calls alike."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[Place] = set()

    def get(self, where: str, default: object = None) -> Callable[..., list[Segment]] | None:
        if where == "FORM":
            return None

        def notes(peer: Peer, segment: Segment, reaction: Reaction | None, out: list[Segment]) -> list[Segment]:
            self.met.add(place_of(where, peer, reaction))
            return out

        return notes
