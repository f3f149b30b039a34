"""One cell played and judged: what of an attempt belongs to the way into the state, and what to the stimulus."""

from __future__ import annotations

from dataclasses import dataclass, replace

from probe.engine.belief.events import Command, Seen
from probe.engine.belief.hypothesis import Hypothesis
from probe.engine.belief.watch import Watch
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import Doubt
from probe.engine.judge.findings import grade, show
from probe.engine.judge.reached import shown_at
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.matrix.cells import Cell, rivals
from probe.results.effect import Effect
from probe.results.proofs import Reached
from probe.results.verdict import Verdict, Why
from probe.scenarios import steps
from probe.spec.arrives import arrives
from probe.spec.segment import Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb


class ThoroughConductor(Conductor):
    """A conductor that leaves no TIME-WAIT either: with thousands of connections a port soon comes again."""

    harmless = Conductor.harmless - {State.TIME_WAIT.value}


class CellConductor(ThoroughConductor):
    """A conductor that remembers which of its segments was the stimulus."""

    def __init__(self, cell: Cell, setting: Setting, lag: float = 0.0) -> None:
        """``lag`` is the longest that a peer's SYN,ACK has waited for our answer, as far as is known."""
        super().__init__(cell.scenario, setting)
        self.cell, self.lag = cell, lag
        self._before = sum(isinstance(step, steps.Send) for step in cell.way.steps)
        self._way = cell.way
        self.ordinal = 0
        """The stimulus is the so-many-th segment of the tester's; 0 until it is sent."""
        self.isns = cell.way.number(steps.PEER), cell.way.number(steps.ISS)
        """The peer's and the tester's ISN in the model's numbers."""

    @property
    def stimulus(self) -> int | None:
        """The index of the event that is the stimulus; None if it was never sent, or not seen."""
        ours = [i for i, e in self.transcript.seen() if e.to_peer]
        return ours[self.ordinal - 1] if 0 < self.ordinal <= len(ours) else None

    def _leave(self, step: steps.Send, segment: Segment, out: list[Command]) -> None:
        if self._before == 0:
            # They follow from where both ends are now: the texts of this peer need not be as long as the model's.
            tester, own = self.tester, self.isns[0]
            if tester.synchronized:
                own = self._way.number(steps.RCV) - tester.rcv.ahead_of(tester.peer)
            self.isns = own, self._way.number(steps.NXT) - tester.nxt.ahead_of(tester.iss)
        super()._leave(step, segment, out)
        if self._before == 0:
            self.ordinal = sum(isinstance(e, Seen) and e.to_peer for e in self.transcript.events) + self._outbox.count
        self._before -= 1

    def _within(self, step: steps.Step) -> float:
        """A machine that answers late makes the peer's timer longer, and those of connections that it opens after.

        The first timer is three times the round trip measured (RFC 6298 2.2), and twice that once it has expired (5.5).
        """
        if not (isinstance(step, steps.Wait) and step.span is steps.Span.TIMER):
            return super()._within(step)
        seen = [e for _, e in self.transcript.seen()]
        first = next(i for i, e in enumerate(seen) if not e.to_peer)
        self.lag = max(self.lag, next(e.time for e in seen[first:] if e.to_peer) - seen[first].time)
        return max(super()._within(step), 6 * self.lag)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one attempt at a cell shows."""

    opinion: Opinion
    sent: str = ""
    came: str = ""
    next_states: tuple[str, ...] = ()
    due: str = ""


def hear(cell: Cell, case: Case, conductor: CellConductor) -> Heard:
    """The attempt judged, each departure where it came up: on the way, at the stimulus, or at the question."""
    watch, at = conductor.watch, conductor.stimulus
    record = case.transcript
    odd = watch.broken_at is not None or record.missing or record.foreign or record.interrupted
    # Where everything went as permitted, clearing up included, the record needs no second look.
    found = judge(case) if odd else Opinion(Verdict.PASS)
    state = cell.way.state.value
    broken = watch.broken_at is not None and at is not None and watch.broken_at <= at
    if at is None or broken or not (at == 0 or state in watch.states[at - 1]):
        # The segments before the stimulus did not bring the peer into the state.
        if found.word is Verdict.SKIP or found.doubt is Doubt.NO_EVIDENCE:
            return Heard(found)
        why = found.findings[0].rule if found.findings else "it did not get there"
        reason = f"the peer could not be brought into {state} ({why})"
        came_to = Reached((cell.rule,), obstacle=reason)
        return Heard(Opinion(Verdict.INCONCLUSIVE, reason, why=Why.STATE_NOT_REACHED, reached=came_to))
    event = record.judged[at]
    assert isinstance(event, Seen)
    sent, due, came = show(watch, event), due_text(cell, conductor.isns), _reply(case, watch, at)
    if found.departure is not None and found.departure.place > record.place(at):
        found = _of_the_question(conductor, case, at, found)
    # A number at the edge of the window is the stimulus's, whatever showed how it was taken.
    edges = tuple(
        grade(cell.rule, sent, due, f.came if f.sent == sent else f"{f.came} (to {f.sent})", f.packets, f.effect)
        if f.effect is Effect.EDGE
        else f
        for f in found.notes
    )
    found = replace(found, notes=edges, reached=_reached(cell, case, watch, at, found))
    if found.findings:
        return Heard(found, sent, found.findings[0].came, (), due)
    if cell.question is None and not any(i > at and not e.to_peer for i, e in record.seen()):
        reason = "what became of it cannot be told: this peer answers no question there"
        return Heard(Opinion(Verdict.SKIP, reason, why=Why.UNANSWERED, reached=found.reached), sent, came, (), due)
    states = next((s for s in reversed(watch.states[: len(record.judged)]) if s), ())
    return Heard(found, sent, came, states, due)


def _reached(cell: Cell, case: Case, watch: Watch, at: int, found: Opinion) -> Reached:
    """That the stimulus met the peer in the state: what the way led to, and the first of the peer's that came since."""
    rule = found.findings[0].rule if found.findings else cell.rule
    return Reached((rule,), (shown_at(case, watch, rule, at),))


def _of_the_question(conductor: CellConductor, case: Case, at: int, found: Opinion) -> Opinion:
    """A departure that came up at the question: the stimulus's where the answer is right for a peer it moved wrongly.

    Or for one that it moved as it should, and only the reply to it was not as due. A silence is right for none: it is
    that of our own question, and stays where it came up.
    """
    cell, watch, record = conductor.cell, conductor.watch, case.transcript
    if found.departure is None or found.departure.kind == "silence":
        if cell.patient:
            return found
        reason = "the question after it was not answered: the peer may limit how often it answers"
        return Opinion(Verdict.INCONCLUSIVE, reason, why=Why.UNANSWERED)
    stimulus = record.judged[at]
    assert isinstance(stimulus, Seen)
    sight = watch.numbers.canonical(stimulus.segment, to_peer=True)
    blocks = {h.tcb for h in watch.memory.closure(watch.after(at - 1).belief, watch.terms) if not h.inflight}
    due = frozenset(r.next for tcb in blocks for r in arrives(tcb, sight))
    # A block whose ISS nobody saw fits whatever comes: it tells nothing.
    permitted = frozenset(tcb for tcb in due if tcb.iss is not None or tcb.state is not State.SYN_RECEIVED)
    wrong = frozenset(rival for tcb in blocks for rival in rivals(tcb, tcb.rcv_nxt, tcb.snd_nxt))
    # A RST does harm where the connection stays: then no block is the right one.
    harmless = found.findings[0].effect is not Effect.CHANGED
    effect, states = Effect.KEPT, _answered_as(case, watch, at, permitted) if harmless else ()
    if not states:
        effect, states = Effect.CHANGED, _answered_as(case, watch, at, wrong)
    if not states:
        return found
    asked = next(e for i, e in record.seen() if i > at and e.to_peer)
    then = " or ".join(dict.fromkeys(r.next.state.value for r in cell.due))
    replied = ", ".join(show(watch, e) for i, e in record.seen() if i > at and not e.to_peer) or "nothing"
    finding = grade(
        cell.rule,
        show(watch, stimulus),
        f"{due_text(cell, conductor.isns)}, then {then}",
        f"{replied} (to {show(watch, asked)}), as in {' or '.join(states)}",
        found.findings[0].packets,
        effect,
    )
    place = replace(found.departure, rules=(cell.rule,), place=record.place(at))
    return replace(found, word=finding.word, findings=(finding,), departure=place)


def _answered_as(case: Case, watch: Watch, at: int, blocks: frozenset[Tcb]) -> tuple[str, ...]:
    """In which states a peer with one of these blocks answers the question behind ``at`` as this one did."""
    ours = [i for i, e in case.transcript.seen() if i > at and e.to_peer]
    if not ours:
        return ()
    end = (*ours, len(case.transcript.judged))[1]
    point = watch.memory.begin(frozenset(map(Hypothesis, blocks)), watch.terms)
    for event in case.transcript.judged[ours[0] : end]:
        sight = watch.numbers.sight(event.segment, event.to_peer) if isinstance(event, Seen) else None
        point = watch.memory.after(point, sight)
    return point.states


def due_text(cell: Cell, isns: tuple[Seq, Seq] | None = None) -> str:
    """The permitted answers in tcpdump's notation, relative to these ISNs, or where both ends said what the model's do.

    A peer that listens has no numbers in its block.
    """
    own, other = isns or (cell.way.number(steps.PEER), cell.way.number(steps.ISS))
    texts = (r.reply.text(own, other) if r.reply else "nothing" for r in cell.due)
    return " or ".join(dict.fromkeys(texts))


def _reply(case: Case, watch: Watch, at: int) -> str:
    """What answered the stimulus, as far as it can be told from what answered the question."""
    events = [(i, e) for i, e in case.transcript.seen() if i > at and not e.to_peer]
    texts = []
    for place, (index, event) in enumerate(events):
        asked = {a.index for a in watch.after(index).answers}
        if at in asked and (len(asked) == 1 or place < len(events) - 1):
            texts.append(show(watch, event))
    return ", ".join(texts) or "nothing"
