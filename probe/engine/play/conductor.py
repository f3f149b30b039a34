"""Walks a scenario: events in, commands out. It knows no socket and no clock; time is in the events.

The peer's text is acknowledged as it comes (its FIN is not); an exchange that may leave a connection on the peer ends
with a RST where the peer expects it, checked by an empty segment that must draw a RST.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probe.engine.belief.events import (
    Ask,
    Command,
    Done,
    Event,
    IcmpError,
    Missing,
    Quiet,
    Seen,
    Send,
    Transcript,
    WakeAt,
)
from probe.engine.belief.tracker import UNKNOWN_PORT, USUAL, Belief, Memory, Terms
from probe.engine.belief.watch import Watch
from probe.engine.play import flight
from probe.engine.play.habits import Habits, Turn, repetitions
from probe.engine.play.outgoing import Outgoing
from probe.engine.play.tester import Tester
from probe.scenarios import steps
from probe.scenarios.steps import Span
from probe.scenarios.triggers import NONE, Trigger
from probe.spec.icmp import Icmp
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq

CLEARING_TRIES = 6
"""So many times at the most: with 20 % of all segments lost one connection in 10,000 is left."""
_COPIES = 3
"""How many times a RST is sent that nobody waits for an answer to."""
_CALM, _LEFT = steps.Expect("calm", silence=True), steps.Expect("left", Span.APPLICATION, silence=True)
"""What is waited for before a segment: that no answer can cross with it; an application that leaves at once."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a scenario is played with. ``habits`` is what the run knows of the peer and its path.

    ``coming`` seconds are a client's to come of itself (None: an application's). ``hurried``: it closed before us.
    """

    iss: Seq
    trigger: Trigger = NONE
    terms: Terms = USUAL
    start: Belief = UNKNOWN_PORT
    habits: Habits = field(default_factory=Habits)
    coming: float | None = None
    hurried: bool = False
    memory: Memory = field(default_factory=Memory)


class Conductor:
    """One exchange in progress."""

    harmless = frozenset({"CLOSED", "LISTEN", "TIME-WAIT"})
    """Peer states that need no clearing up."""

    def __init__(self, scenario: steps.Scenario, setting: Setting) -> None:
        self.scenario, self.setting = scenario, setting
        self.tester = Tester(setting.iss if scenario.iss is None else Seq(scenario.iss), taken=setting.trigger.taken)
        self.watch = Watch(setting.start, setting.terms, setting.memory, through=True, sends=True)
        self.transcript = Transcript()
        self.finished = False
        self._todo = flight.hurried(scenario.steps) if setting.hurried else list(scenario.steps)
        self._sends = flight.segments(scenario.steps)
        self._since: float | None = None
        self._limit: float | None = None
        self._clearing = self._asked = 0
        self._outbox = flight.Outbox()
        self._text = Outgoing(self.tester, setting.trigger, setting.habits)
        self._pace = Turn(setting.habits)
        self._leaves = setting.trigger.at_once

    def start(self, now: float) -> list[Command]:
        """Begin; ``now`` in the seconds of the events."""
        return self._walk(now)

    def missed(self, event: Seen) -> None:
        """The peer's SYN came before anything could be made of it: the one to come is a repetition."""
        self._record(event)
        self._note(event.segment)

    def seen(self, event: Seen) -> list[Command]:
        """A segment of this connection passed the line, ours or the peer's."""
        if self.finished:
            return []
        self._record(event)
        if event.to_peer:
            begins = self._outbox.seen(event, self.watch.index, self.transcript)
            if self._since is not None:
                self._since = max(self._since, event.time) if begins else self._since
                step = self._todo[0]
                if step is not _CALM and getattr(step, "what", "") != "settled":  # all else the peer must send
                    return [] if self.setting.habits.silenced is None else self._wake(event.time)
            return self._walk(event.time)
        noted = self._note(event.segment)
        if self._clearing and event.segment.flags & (ACK | RST | SYN | FIN) == ACK and not event.segment.length:
            return noted + self._clear(event.time)  # it is still there, and has said where: at once again
        return noted + self._walk(event.time)

    def foreign(self, event: Seen) -> None:
        """Our own kernel (or another process) spoke for our address: evidence that voids the exchange."""
        self.transcript.foreign.append(event)

    def reported(self, time: float, icmp: Icmp, quoted: Segment, number: int = 0) -> list[Command]:
        """An ICMP error came about a segment of ours: it did not arrive, so there is no answer to wait for."""
        about = flight.quoted_at(self.transcript.events, quoted)
        self.transcript.errors.append(IcmpError(time, self.watch.index, about, icmp, number))
        waits = self._since is not None and self._todo and isinstance(self._todo[0], steps.Expect)
        if self.finished or not waits or not flight.is_newest(self.transcript.events, about):
            return []
        self._limit = time
        return [WakeAt(time)]

    def woken(self, now: float) -> list[Command]:
        """The time asked for has come, and nothing is left unread."""
        if self.finished or self._since is None:
            return []
        if now < self._due:
            return self._wake(now)
        if self._outbox.count and now < self._due + self.setting.habits.leaving:
            return [WakeAt(now + flight.LOOK)]  # ours is still on its way out: the peer's time has not begun
        step = self._todo[0]
        self._since = self._limit = None
        if isinstance(step, steps.Wait) and step.span is Span.SPACING:
            self.setting.habits.stood_apart(self.watch.point, asks=isinstance(self._todo[1], steps.Question))
            self._todo.pop(0)
            return self._walk(now)
        if (syn := flight.unanswered_syn(self.transcript, step)) is not None:
            self._todo.insert(1, _CALM)  # which of them was answered must not stay open
            return [self._emit(syn.segment, syn.rule, syn.place), *self._walk(now)]
        self._record(Quiet(now))
        if self._clearing:
            return self._clear(now)
        if isinstance(step, steps.Wait) or (isinstance(step, steps.Expect) and step.silence):
            self._todo.pop(0)
            return self._walk(now)
        assert isinstance(step, steps.Expect)
        self._note_missing(step)
        # A reply alone that is missing leaves the peer where it must be: what follows can be asked of it.
        self._todo = self._todo[1:] if step.what == "settled" and self.watch.lost_at is None else []
        return self._walk(now)

    def interrupt(self) -> list[Command]:
        """Stop now; the RST that clears up is all that is still to be sent."""
        self.finished = self.transcript.interrupted = True
        begun = self.transcript.seen() or self._outbox.count  # else there is nobody to send to
        return [*[reset for _ in range(_COPIES) for reset in self._reset_commands() if begun], Done()]

    # -- walking ---------------------------------------------------------------------------------------------------

    def _walk(self, now: float) -> list[Command]:
        out: list[Command] = []
        while self._todo or self._more():
            if not self._advance(now, out):
                break
        return out if self._todo else out + self._clear(now)

    @property
    def _due(self) -> float:
        """When the wait at hand is over; what is learned of the peer meanwhile may change that."""
        assert self._since is not None
        due = self._since + self._within(self._todo[0])
        return due if self._limit is None else min(due, self._limit)

    def _wake(self, now: float) -> list[Command]:
        if self._since is None:
            return []
        step = self._todo[0]
        learns = isinstance(step, steps.Wait) and step.span is Span.STOPS
        return [WakeAt(min(self._due, now + self.setting.habits.answer) if learns else self._due)]

    def _advance(self, now: float, out: list[Command]) -> bool:
        """Do the first step; True when it is done and the next may follow."""
        step = self._todo[0]
        if self.watch.lost_at is not None and not self._clearing and not isinstance(step, steps.Wait):
            if any(isinstance(later, steps.Fill) for later in self._todo):
                self._note_missing(steps.ROOM_TAKEN)
            # What follows would be asked of a peer whose state is not known; what it still says is evidence.
            self._todo, self._since = [step := steps.Wait(Span.ANSWER)], None
        hold: steps.Step | None = None
        if isinstance(step, steps.Wait | steps.Expect):
            hold = None if isinstance(step, steps.Expect) and self._fulfilled(step) else step
        elif isinstance(step, steps.Send):
            hold = self._send(step, now, out)
        elif isinstance(step, steps.Ask):
            line = self.setting.trigger.line(step.command)
            out += [Ask(line)] if line else []
        elif isinstance(step, steps.Fill):
            return self._fill(step)
        elif (hold := self._before_question(now)) is None:
            return self._ask()
        if hold is None:
            self._todo.pop(0)
            self._since = self._limit = None
            return True
        if hold is not step:
            self._todo.insert(0, hold)
        if not isinstance(hold, steps.Wait | steps.Expect):
            return True
        self._await(hold, now, out)
        return False

    def _await(self, step: steps.Wait | steps.Expect, now: float, out: list[Command]) -> None:
        """Begin to wait, or go on; the wait until all is calm is another with every event."""
        if begins := self._since is None:
            self._since = now
        if self.watch.broken_at is not None and self._limit is None:
            # Wait no longer than an answer takes: a history that excuses what came must still explain the silence.
            self._limit, begins = now + self.setting.habits.answer, True
        if begins or step is _CALM or self.setting.habits.silenced is not None:
            out += self._wake(now)

    def _wait_before(self, *, crossing: bool) -> steps.Expect | None:
        """What to wait for before the next segment leaves, unless it is to cross with an answer."""
        if self._leaves and self.watch.outlook.reached == {"ESTABLISHED"}:
            self._leaves = False  # it would sometimes be before us, and sometimes behind
            return _LEFT
        if not crossing and not self._calm:
            return _CALM
        return flight.SECOND if self.setting.habits.twice and flight.came_once(self.transcript.events) else None

    def _before_question(self, now: float) -> steps.Wait | steps.Expect | None:
        """What to wait for before a question: an answer too many to what came before is not to be taken for its own."""
        if (hold := self._wait_before(crossing=False)) is not None:
            return hold
        pause = (
            self.setting.habits.afterwards(self.watch.point) if flight.ours_was_last(self.transcript.events) else 0.0
        )
        return steps.Wait(Span.SPACING) if now < self._pace.after(now, pause) else None

    @property
    def _calm(self) -> bool:
        """Whether nothing that the peer may still say answers a segment of ours: the next one would cross with it."""
        return not self._outbox.count and self.watch.outlook.calm

    def _more(self) -> bool:
        """What is done when the script is: wait for what was overtaken; ask what a departure in a reply made of it."""
        watch, left = self.watch, self.watch.broken_at
        if self.transcript.sealed is None and watch.outlook.overtaken:
            self._todo = [_CALM]
            return True
        if left is None or watch.lost_at is not None or self.transcript.sealed is not None:
            return False
        if not (questions := self._questions[self._asked :]) or flight.was_answered_after(self.transcript, left):
            return False
        self._asked += 1
        self._todo = [questions[0], steps.Expect("settled")]
        return True

    @property
    def _questions(self) -> list[steps.Send]:
        return flight.questions(self.watch, self.setting.habits.questions, in_order=self.tester.edge > self.tester.nxt)

    def _ask(self) -> bool:
        """Put the question that fits; where there is none, the exchange ends here and says so."""
        self._pace.at = None
        if questions := self._questions:
            self._todo[:1] = [questions[0], steps.Expect("settled")]
        else:
            self.transcript.missing.append(Missing(self.watch.index, steps.QUESTION, "", application=False, waited=0.0))
            self._todo = []
        return bool(self._todo)

    def _fill(self, step: steps.Fill) -> bool:
        """Go on filling the window, with the next step once it is closed; a window that never closes ends it all."""
        if (more := self._text.filling(step)) is not None:
            self._todo[:1] = more
        else:
            self.transcript.missing.append(Missing(self.watch.index, steps.WINDOW, "", application=True, waited=0.0))
            self._todo = []
        return bool(self._todo)

    def _fulfilled(self, step: steps.Expect) -> bool:
        match step.what:
            case steps.ROOM:
                return self._text.has_room(self._todo[1])
            case "." | steps.WINDOW:
                return self.tester.all_acked
            case "text":
                return self.tester.text_received >= step.count
            case "settled":
                return not self._outbox.count and self.watch.settled
            case _CALM.what:
                return self._calm
            case flight.SECOND.what:
                return not flight.came_once(self.transcript.events)
            case _LEFT.what:
                return not self.tester.counts.keys().isdisjoint("FR")
            case what:
                return self.tester.counts.get(what, 0) >= step.count

    def _within(self, step: steps.Step) -> float:
        habits, outlook = self.setting.habits, self.watch.outlook
        if step is _CALM:
            return habits.seconds(Span.SILENCE) if outlook.silent else habits.reply(delayed=outlook.delayed)
        if isinstance(step, steps.Wait):
            if step.span is Span.SPACING:
                return max(0.0, (self._pace.at or 0.0) - (self._since or 0.0))
            return habits.seconds(step.span)
        assert isinstance(step, steps.Expect)
        if step.what == "F" and not flight.may_send_fin(self.watch):
            return habits.seconds(Span.SILENCE)
        if self.setting.coming is not None and step.what == "S" and "S" not in self.tester.counts:
            return self.setting.coming
        if step.within is Span.ANSWER:
            if habits.silenced is not None and habits.silenced(self.scenario, self.transcript.judged):
                return habits.seconds(Span.SILENCE)
            return habits.seconds(Span.APPLICATION) if step.application else habits.reply(delayed=outlook.delayed)
        return habits.seconds(step.within, repetitions(self.transcript) if step.within is Span.NEVER else 0.0)

    def _note_missing(self, step: steps.Expect) -> None:
        waited, owes = self._within(step), step.what != "F" or flight.may_send_fin(self.watch)
        enough = step.within is not Span.NEVER or waited >= self.setting.habits.never(repetitions(self.transcript))
        missing = Missing(self.watch.index, step.what, step.rule if owes else "", step.application, waited)
        self.transcript.missing.append(replace(missing, short=owes and not enough))

    def _record(self, event: Event) -> None:
        self.transcript.events.append(event)
        self.watch.feed(event)

    def _note(self, segment: Segment) -> list[Command]:
        asked = self.tester.takes(segment) or (self._todo[:1] == [steps.IDLE] and self.tester.is_probed(segment))
        return [self._acknowledge()] if asked and self.scenario.acks else []

    def _acknowledge(self) -> Send:
        ack = self._empty(self.tester.beyond, self.tester.text)
        self.tester.sent(ack)
        return self._emit(ack, waits=False)

    def _empty(self, seq: Seq, ack: Seq) -> Segment:
        return Segment(seq, ack, ACK, self.tester.window, options=self.tester.options(ACK))

    def _emit(self, segment: Segment, rule: str = "", place: int | None = None, *, waits: bool = True) -> Send:
        self._outbox.put(flight.Sent(segment, rule, place, waits))
        return Send(segment)

    def _send(self, step: steps.Send, now: float, out: list[Command]) -> steps.Step | None:
        """Send it now, or a part; else what is done before. One that is to cross with an answer waits for none."""
        if (hold := self._wait_before(crossing=step.crossing)) is not None:
            return hold
        if (offered := self._text.offered(step)) is None:
            return self._text.await_room(step, asks=bool(self._questions))
        text, whole = offered
        segment, watch, events = self.tester.segment(step, text), self.watch, self.transcript.events
        draws = not step.crossing and watch.memory.draws_bare_ack(watch.point, watch.numbers.ahead(segment))
        apart = 0.0 if step.crossing else self.setting.habits.apart(watch.point, events)
        if now < (self._pace.take(now + apart, step, events) if draws else self._pace.after(now, apart)):
            return steps.Wait(Span.SPACING)
        if isinstance(step.data, steps.Command) and self.setting.trigger.answers and not self.tester.text_received:
            # What we send next answers a client, and this one has said nothing yet.
            return steps.Expect("text", application=True)
        if not whole:
            self.tester.sent(segment)
            self._text.parts(step, segment.length)
            out.append(self._emit(segment, place=self._sends - flight.segments(self._todo)))
            return steps.Expect(".")
        self._leave(step, segment, out)
        return None

    def _leave(self, step: steps.Send, segment: Segment, out: list[Command]) -> None:
        """The segment leaves; not where a command needs no asking, as the application does it of itself."""
        if step.data and not segment.length:
            return
        self.tester.sent(segment, counts=step.counts, fresh=step.fresh)
        self._pace.at = None
        self._text.sent(step)
        out.append(self._emit(segment, step.rule, self._sends - flight.segments(self._todo)))

    # -- clearing up -----------------------------------------------------------------------------------------------

    def _clear(self, now: float) -> list[Command]:
        """Reset what may be left on the peer, and look whether it is gone."""
        if self.transcript.sealed is None:
            self.transcript.sealed = len(self.transcript.events) + self._outbox.count
        over = self._clearing >= CLEARING_TRIES or not self._todo  # a RST answered the question: nothing is left
        if not self._clearing:
            over = not self._outbox.count and flight.is_known_gone(self.transcript, self.watch, self.harmless)
        if over:
            self.finished = True
            return [*[Send(Segment(n, flags=RST)) for n in flight.unopened(self.transcript.events)], Done()]
        self._clearing += 1
        self._todo = [steps.Expect("R", Span.SILENCE, count=self.tester.counts.get("R", 0) + 1)]
        self._since, self._limit = now, None
        question = self._empty(self.tester.nxt - 1, self.tester.rcv)
        return [*self._reset_commands(), self._emit(question), *self._wake(now)]

    def _reset_commands(self) -> list[Command]:
        """RSTs that end the connection wherever the peer is; in SYN-SENT it takes one that acknowledges its SYN."""
        return [self._emit(reset) for reset in self.tester.resets(called=self.scenario.opens == "peer")]
