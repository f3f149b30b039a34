"""The cells of the matrix, generated from the oracle: each segment in each state, at every position it tells apart.

Nothing here knows what a peer owes: ``arrives`` is asked what it permits at each position, and positions that it treats
alike are thinned out until each number still occurs once beside every reaction it can meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from probe.engine.play.matrix.approaches import Approach
from probe.scenarios.steps import EDGE, ISS, NXT, PEER, RCV, TOLD, Expect, Num, Scenario, Send, Span, Step, Wait
from probe.spec.arrives import arrives
from probe.spec.models import WINDOW
from probe.spec.reaction import Reaction, Reply
from probe.spec.segment import ACK, KINDS, SYN, Segment, parse_flags
from probe.spec.seq import HALF, Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

PAYLOAD = b"0123456789"
"""What a segment with payload carries; no line feed, so that no application takes it for a request."""
_INSIDE = 100
"""How far inside the window "inside" lies: every usual window is wider."""
_OVERLAP = 4


@dataclass(frozen=True, slots=True)
class Position:
    """A sequence or acknowledgment number: its name in the RFC's variables and where a scenario takes it from."""

    name: str
    num: Num


ANY = "any"
"""The name of the only position where the state does not look at the number."""
_IN_ORDER = ("RCV.NXT", ANY)
NONE = Position("none", ISS)
"""The ACK flag is clear."""
_OCTET = Send(".", NXT - 2, RCV, b"?", WINDOW, counts=False)
SYN_AGAIN = Send("S", ISS, window=WINDOW, counts=False)
_SYN_ACK = Send("S.", ISS, PEER + 1, window=WINDOW, counts=False)
CANDIDATES = {
    "octet": _OCTET,
    "syn": SYN_AGAIN,
    "syn-ack": _SYN_ACK,
    "unsent": Send(".", NXT, RCV + 1, window=WINDOW, counts=False),
    "fin": Send("F.", NXT, window=WINDOW, counts=False),
    "next": Send(".", NXT, data=b"?", window=WINDOW, counts=False),
    "syn-inside": Send("S", NXT, window=WINDOW, counts=False),
}
"""The questions by name; recordings hold these words. The first three are old or stray, then come some in order, for
peers silent to all that they do not accept: what acknowledges too much, a FIN, an octet, a SYN in the window."""
_IN_SEQUENCE = ("unsent", "fin", "next", "syn-inside")
_TEMPTATIONS = ("S", "S.", ".", "F.", "R", "P.")
"""What a peer that misreads a segment may take it for."""

Barred = frozenset[str]
"""Names of questions that a peer does not answer as it should in a state."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One stimulus: a segment of a kind in a state reached one way, at one position, and the question after it.

    ``due`` are the reactions the oracle permits to ``segment``, the stimulus where the peer has the model's block.
    """

    way: Approach
    kind: str
    seq: Position
    ack: Position
    payload: bool
    stimulus: Send
    segment: Segment
    due: tuple[Reaction, ...]
    question: Send | None
    patient: bool = False
    """The question waits until a peer that limits how often it answers would answer again."""

    @property
    def id(self) -> str:
        """A name of its own: ``established:ACK:RCV.NXT:SND.NXT+1``, ``:data`` behind it where it has payload."""
        parts = (self.way.id, self.kind, self.seq.name, self.ack.name)
        return ":".join(parts + (("data",) if self.payload else ()))

    @property
    def risky(self) -> bool:
        """Whether a number lies half the space away, where a comparison may turn: stacks have died of it."""
        return HALF in (abs(self.seq.num.offset), abs(self.ack.num.offset))

    @property
    def rule(self) -> str:
        """The rule that the usual reaction shows."""
        return self.due[0].rule

    @property
    def scenario(self) -> Scenario:
        """The exchange that plays it."""
        # The question waits for the answer, and where none is due for one that comes all the same: after the question
        # it would be taken for the question's.
        answered = all(r.reply is not None and not r.reply.covers for r in self.due)
        silent = all(r.reply is None for r in self.due)
        pause: tuple[Step, ...] = (Expect("settled"),) * answered + (Wait(Span.SILENCE),) * silent
        pause += (Wait(Span.LATE),) * self.patient
        moved = self.way.retransmits and any(r.next.snd_una != self.way.tcb.snd_una for r in self.due)
        asked = () if self.question is None else (self.question, Expect("settled"))
        steps = (self.stimulus, *pause, *asked, Wait(Span.TIMER if moved else Span.AFTERWARDS))
        return self.way.scenario(
            self.id, f"{self.kind} in {self.way.state.value}", steps, self.due[0].clause, risky=self.risky
        )


class Questions:
    """Chooses what a peer is asked that was brought into a state by ``way``; each choice is remembered.

    A question is good if every permitted next state must answer it, and if the states a faulty peer may be in instead
    answer it otherwise. A segment with one garbage octet below the window is asked first: stacks limit how often they
    answer segments without payload, and that one has some. It ends one short of RCV.NXT, where no stack takes it for
    new.
    """

    def __init__(self, way: Approach, barred: Barred = frozenset()) -> None:
        self._way = way
        self._left = {name: question for name, question in CANDIDATES.items() if name not in barred}
        self._known: dict[frozenset[Tcb], Send | None] = {}
        self._rivals = rivals(way.tcb, way.number(NXT), way.number(RCV))
        # What the peer did not answer here it answers no better by another question of the same row.
        asked = (segment_of(way, CANDIDATES[name]) for name in barred)
        self._unanswered = {(segment.flags, arrives(way.tcb, segment)[0].row) for segment in asked}

    def best(self, permitted: frozenset[Tcb]) -> Send | None:
        """The question for a peer that may now have one of these blocks; None where it answers none of them."""
        if permitted not in self._known:
            every = list(self._candidates(permitted))
            worths = [self._worth(segment_of(self._way, question), permitted) for question in every]
            best = max(worths, default=(False, 0))
            # Of a peer that answers as it should, silence tells something, too.
            told = best[0] or not self._unanswered
            self._known[permitted] = every[worths.index(best)] if every and told else None
        return self._known[permitted]

    def _candidates(self, permitted: frozenset[Tcb]) -> Iterator[Send]:
        """Those in order once for each number that may now be the next."""
        taken = sorted({max(0, tcb.rcv_nxt - self._way.tcb.rcv_nxt) for tcb in permitted if tcb.iss is not None} | {0})
        for name, question in self._left.items():
            if name not in _IN_SEQUENCE:
                yield question
            elif self._unanswered:
                yield from (replace(question, seq=question.seq + count) for count in taken)

    def _worth(self, segment: Segment, permitted: frozenset[Tcb]) -> tuple[bool, int]:
        """(every permitted state answers, how many pairs of a permitted and a wrong state it tells apart)."""

        def answers(tcb: Tcb) -> frozenset[object]:
            found = arrives(tcb, segment)
            replies = (None if (segment.flags, r.row) in self._unanswered else r.reply for r in found)
            return frozenset(None if r is None else (r.flags, r.seqs, r.ack) for r in replies)

        good, bad = [answers(tcb) for tcb in permitted], [answers(tcb) for tcb in self._rivals - permitted]
        return all(None not in found for found in good), sum(not g & b for g in good for b in bad)


def rivals(tcb: Tcb, seq: Seq, ack: Seq) -> frozenset[Tcb]:
    """Where a faulty peer may be: unmoved, gone, or where another segment, in order at ``seq``, would have led."""
    found = {tcb, tcb.gone()}
    for flags in map(parse_flags, _TEMPTATIONS):
        data = PAYLOAD if flags == parse_flags("P.") else b""
        segment = Segment(seq, ack if flags & ACK else Seq(0), flags, WINDOW, len(data), data)
        found |= {r.next for r in arrives(tcb, segment)}
    return frozenset(found)


def segment_of(way: Approach, step: Send) -> Segment:
    """A step of a cell as the segment it is where the peer has the model's block."""
    assert isinstance(step.data, bytes)
    flags = parse_flags(step.flags)
    ack = way.number(step.ack) if flags & ACK else Seq(0)
    return Segment(way.number(step.seq), ack, flags, step.window, len(step.data), step.data)


def control(way: Approach, barred: Barred = frozenset()) -> Scenario:
    """The way alone and the question that tells whether it led there; a port that only seems open answers no SYN."""
    best = Questions(way, barred).best(frozenset({way.tcb}))
    asked = [best] if best is not None else []
    if way.state is State.LISTEN and SYN_AGAIN not in asked:
        asked.append(SYN_AGAIN)
    questions = tuple(step for question in asked for step in (question, Expect("settled")))
    return way.scenario(way.id, f"into {way.state.value}", (*questions, Wait(Span.AFTERWARDS)))


def patience_test() -> Scenario:
    """Whether the listener keeps state: one that does sends its SYN,ACK again (a SYN cookie is sent once)."""
    steps = (Send("S"), Expect("S."), Expect("S.", Span.NEVER, count=2))
    return Scenario("keeps-state", "does the listener keep state?", steps, (), "")


def cells(way: Approach, kind: str, barred: Barred = frozenset()) -> tuple[Cell, ...]:
    """The cells of one column in one state, without questions that this peer does not answer as it should."""
    flags, questions = parse_flags(KINDS[kind]), Questions(way, barred)
    found: list[Cell] = []
    for payload in (True,) if kind == "DATA" else (False,) if kind == "ACK" else (False, True):
        seqs = sequence_numbers(way, payload=payload, syn=bool(flags & SYN))
        every = []
        for seq, ack in product(seqs, acknowledgments(way) if flags & ACK else (NONE,)):
            stimulus = Send(KINDS[kind], seq.num, ack.num, PAYLOAD if payload else b"", WINDOW, counts=False)
            segment = segment_of(way, stimulus)
            due = arrives(way.tcb, segment)
            question = questions.best(frozenset(r.next for r in due))
            every.append(Cell(way, kind, seq, ack, payload, stimulus, segment, due, question))
        found += _thinned(every)
    return tuple(found)


def _thinned(candidates: Iterable[Cell]) -> Iterator[Cell]:
    """Every SEG.SEQ once beside each thing the oracle says of it, and every SEG.ACK once in order at least."""
    alike: dict[object, list[Cell]] = {}
    for cell in candidates:
        # What the oracle says, but for the numbers that only copy the segment's.
        said = frozenset(
            (r.row, r.rule, r.only, _pattern(r.reply, cell), r.next.state, r.next.rcv_nxt, r.next.fin_received)
            for r in cell.due
        )
        alike.setdefault((said, cell.seq), []).append(cell)
    used: Counter[Position] = Counter()
    for group in alike.values():
        chosen = min(group, key=lambda cell: used[cell.ack])
        for cell in group:
            if cell is chosen or (cell.seq.name in _IN_ORDER and not used[cell.ack]):
                used[cell.ack] += 1
                yield cell


def _pattern(reply: Reply | None, cell: Cell) -> object:
    if reply is None:
        return None
    copied = {cell.segment.ack: "SEG.ACK", cell.segment.end: "SEG.END"} if cell.way.tcb.iss is None else {}
    if reply.flags & parse_flags("R"):
        seqs = tuple("SEG.ACK" if s == cell.segment.ack else int(s) for s in reply.seqs)
        return reply.flags, seqs, reply.ack is not None
    return replace(reply, seqs=(), ack=None, ack_from=None), reply.seqs, copied.get(reply.ack or Seq(0), reply.ack)


def sequence_numbers(way: Approach, *, payload: bool, syn: bool) -> tuple[Position, ...]:
    """Left of the window, both sides of its edges, inside, half the space away; a SYN where the first one was, too."""
    if way.tcb.iss is None or way.tcb.state is State.SYN_SENT:
        return (Position(ANY, ISS),)
    places = [
        ("RCV.NXT", NXT),
        ("RCV.NXT-1", NXT - 1),
        (f"RCV.NXT+{_INSIDE}", NXT + _INSIDE),
        ("RCV.NXT+RCV.WND-1", EDGE - 1),
        ("RCV.NXT+RCV.WND", EDGE),
        *((("IRS", ISS),) if syn else ()),
        ("RCV.NXT-65536", NXT - (WINDOW + 1)),
        ("RCV.NXT+2^31", NXT + HALF),
    ]
    if payload:
        places += [
            (f"RCV.NXT-{len(PAYLOAD)}", NXT - len(PAYLOAD)),
            (f"RCV.NXT-{_OVERLAP}", NXT - _OVERLAP),
            (f"RCV.NXT+RCV.WND-{_OVERLAP}", EDGE - _OVERLAP),
        ]
    return _distinct(way, places)


def acknowledgments(way: Approach) -> tuple[Position, ...]:
    """Old, duplicate, acceptable, current, beyond, half the space away; nothing listed twice."""
    if way.tcb.iss is None:
        return (Position(ANY, RCV),)
    flight = way.tcb.snd_nxt - way.tcb.snd_una
    places = [
        ("SND.NXT", RCV),
        ("SND.UNA", TOLD),
        *((("SND.UNA+1", TOLD + 1), ("SND.NXT-1", RCV - 1)) if flight > 1 else ()),
        ("SND.UNA-1", TOLD - 1),
        ("SND.NXT+1", RCV + 1),
        ("SND.UNA-65536", TOLD - (WINDOW + 1)),
        ("SND.NXT+2^31", RCV + HALF),
    ]
    return _distinct(way, places)


def _distinct(way: Approach, places: Iterable[tuple[str, Num]]) -> tuple[Position, ...]:
    """Each number under the first of its names: where nothing is in flight, SND.UNA is SND.NXT."""
    found: dict[Seq, Position] = {}
    for name, num in places:
        found.setdefault(way.number(num), Position(name, num))
    return tuple(found.values())
