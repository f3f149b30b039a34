"""The cells of the matrix, generated from the oracle: each segment in each state, at every position it tells apart.

Nothing here knows what a peer owes: ``arrives`` is asked what it permits at each position, and positions that it treats
alike are thinned out until each number still occurs once beside every reaction it can meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from probe.engine.play.matrix.approaches import Approach
from probe.engine.play.matrix.positions import ANY, NONE, PAYLOAD, Position, acknowledgments, sequence_numbers
from probe.engine.play.matrix.questions import NONE_BARRED, SYN_AGAIN, Barred, best_question
from probe.scenarios.steps import Expect, Scenario, Send, Step, Wait
from probe.spec.arrives import arrives
from probe.spec.models import WINDOW
from probe.spec.reaction import Reaction, Reply
from probe.spec.segment import ACK, KINDS, SYN, Segment, parse_flags
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

_IN_ORDER = ("RCV.NXT", ANY)
AFTERWARDS = 0.05
"""Seconds to watch for an answer too many: it would come on the heels of the one that was due."""
TIMER = 0.45
"""Seconds to watch where the segment acknowledges text or a FIN: a peer that did not take it sends those again."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One stimulus: a segment of a kind in a state reached one way, at one position, and the question after it.

    ``due`` are the reactions the oracle permits where the peer has the model's block; ``waits`` says that each of them
    has an answer, so that the question has to wait for it.
    """

    way: Approach
    kind: str
    seq: Position
    ack: Position
    payload: bool
    segment: Segment
    due: tuple[Reaction, ...]
    question: Send

    @property
    def id(self) -> str:
        """A name of its own: ``established:ACK:RCV.NXT:SND.NXT+1``, ``:data`` behind it where it has payload."""
        parts = (self.way.id, self.kind, self.seq.name, self.ack.name)
        return ":".join(parts + (("data",) if self.payload else ()))

    @property
    def rule(self) -> str:
        """The rule that the usual reaction shows."""
        return self.due[0].rule

    @property
    def stimulus(self) -> Send:
        """The segment as a step; it never counts for the tester's own numbers."""
        data = PAYLOAD if self.payload else b""
        return Send(KINDS[self.kind], self.seq.num, self.ack.num, data, WINDOW, counts=False)

    @property
    def scenario(self) -> Scenario:
        """The exchange that plays it."""
        answered = all(r.reply is not None and not r.reply.covers for r in self.due)
        pause: tuple[Step, ...] = (Expect("settled"),) if answered else ()
        moved = self.way.retransmits and any(r.next.snd_una != self.way.tcb.snd_una for r in self.due)
        steps = (self.stimulus, *pause, self.question, Expect("settled"), Wait(TIMER if moved else AFTERWARDS))
        return self.way.scenario(self.id, f"{self.kind} in {self.way.state.value}", steps, self.due[0].clause)


def control(way: Approach, barred: Barred = NONE_BARRED) -> Scenario:
    """The way alone and the question that tells whether it led there; a port that only seems open answers no SYN."""
    asked = [best_question(way, frozenset({way.tcb}), barred)]
    if way.state is State.LISTEN and SYN_AGAIN not in asked:
        asked.append(SYN_AGAIN)
    questions = tuple(step for question in asked for step in (question, Expect("settled")))
    return way.scenario(way.id, f"into {way.state.value}", (*questions, Wait(AFTERWARDS)))


def patience_test() -> Scenario:
    """Whether the listener keeps state: one that does sends its SYN,ACK again (a SYN cookie is sent once)."""
    steps = (Send("S"), Expect("S."), Expect("S.", 4.0, count=2))
    return Scenario("keeps-state", "does the listener keep state?", steps, (), "")


@lru_cache(maxsize=256)
def cells(way: Approach, kind: str, barred: Barred = NONE_BARRED) -> tuple[Cell, ...]:
    """The cells of one column in one state, without questions that this peer does not answer as it should."""
    loads = (True,) if kind == "DATA" else (False,) if kind == "ACK" else (False, True)
    return tuple(cell for payload in loads for cell in _thinned(_all(way, kind, payload, barred)))


def _all(way: Approach, kind: str, payload: bool, barred: Barred) -> Iterator[Cell]:
    flags = parse_flags(KINDS[kind])
    length = len(PAYLOAD) if payload else 0
    for seq in sequence_numbers(way, payload=payload, syn=bool(flags & SYN)):
        for ack in acknowledgments(way) if flags & ACK else (NONE,):
            number = way.number(ack.num) if flags & ACK else Seq(0)
            segment = Segment(way.number(seq.num), number, flags, WINDOW, length, PAYLOAD[:length])
            due = arrives(way.tcb, segment)
            question = best_question(way, frozenset(r.next for r in due), barred)
            yield Cell(way, kind, seq, ack, payload, segment, due, question)


def _thinned(candidates: Iterable[Cell]) -> Iterator[Cell]:
    """Every SEG.SEQ once beside each thing the oracle says of it, and every SEG.ACK once in order at least."""
    alike: dict[object, list[Cell]] = {}
    for cell in candidates:
        alike.setdefault((_signature(cell), cell.seq), []).append(cell)
    used: Counter[Position] = Counter()
    for group in alike.values():
        chosen = min(group, key=lambda cell: used[cell.ack])
        for cell in group:
            if cell is chosen or (cell.seq.name in _IN_ORDER and not used[cell.ack]):
                used[cell.ack] += 1
                yield cell


def _signature(cell: Cell) -> object:
    """What the oracle says, but for the numbers that only copy the segment's."""
    return frozenset((r.row, r.rule, r.only, _pattern(r.reply, cell), _kind(r.next)) for r in cell.due)


def _pattern(reply: Reply | None, cell: Cell) -> object:
    if reply is None:
        return None
    copied = {cell.segment.ack: "SEG.ACK", cell.segment.end: "SEG.END"} if cell.way.tcb.iss is None else {}
    if reply.flags & parse_flags("R"):
        seqs = tuple("SEG.ACK" if s == cell.segment.ack else int(s) for s in reply.seqs)
        return reply.flags, seqs, reply.ack is not None
    return replace(reply, seqs=(), ack=None, ack_from=None), reply.seqs, copied.get(reply.ack or Seq(0), reply.ack)


def _kind(tcb: Tcb) -> object:
    return tcb.state, tcb.rcv_nxt, tcb.fin_received
