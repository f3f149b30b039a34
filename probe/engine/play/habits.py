"""What a run has learned of the peer's ways and of the path: how long each kind of wait takes with this peer.

Nothing here is a verdict. It is an object of the run that is handed in: attempts feed it, conductors ask it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from probe.engine.belief.events import Event, Seen, Transcript
from probe.engine.belief.tracker import Point
from probe.engine.judge.timers import FINAL
from probe.engine.play.flight import is_bare_ack
from probe.results.learned import USUAL_ANSWER, USUAL_MTU, Answered, Learned, Question, Repeated, Waits
from probe.scenarios.steps import EMPTY_BELOW, NEXT_OCTET, OCTET_BELOW, Expect, Scenario, Send, Span, Wait
from probe.spec.segment import ACK, FIN, RST, SYN

SCHEDULING = 0.1
"""What a loaded machine may add to a peer's timer, granted before a delayed ACK counts as late."""
_HEADERS = 60
"""Octets of the headers of IPv6 and TCP."""
_TIMES = 3
"""How many times the longest interval that the peer has shown must pass as well."""
_AT_HAND = 0.01
"""Round trips shorter than so many seconds take next to nothing."""
_ROUND_TRIPS, _ANSWERS = 10, 2
"""The patience in round trips of the path, and in times the peer usually takes to answer."""
_RECENT = 15
_OFTEN = 10
"""So many times nothing more came at a place of a record before nothing more is waited for there."""
_ALWAYS = 1000
"""So many times before nothing is held back there any more: what comes of that shows in every attempt, or in none."""
_POINTS = 4096
"""Such places that are remembered at a time; ordinary peers show a handful."""
_LEAVING = 5.0
_APART = 0.005
"""Seconds between two segments of ours of which the first draws no answer: a peer that finds both when it looks, as one
that polls does, may not do with them what it does with one after the other (passt takes no SYN behind a RST)."""
_MARGIN = 1.5
"""How many times an interval of the peer is waited before a repetition is known not to come."""

_SECONDS = {
    Span.GREETING: 0.3,
    Span.UNASKED: 6.0,
    Span.SILENCE: 0.2,
    Span.AFTERWARDS: 0.05,
    Span.TIMER: 0.45,
    Span.LATE: 2.0,
    Span.REPETITION: 0.6,
    Span.IDLE: 1.5,
    Span.CROWDED: 5.0,
    Span.OVER: 245.0,
    Span.GIVEN_UP: 240.0,
}
"""Seconds with a peer of which nothing is known."""
_OF_THE_RULE = {Span.HELD: 25.0, Span.RESTART: 40.0, Span.RESTARTED: 39.0}
"""Seconds that are the question itself: whether the peer's own timer runs shorter. No patience changes them."""


class Limit(StrEnum):
    """What a peer counts together where it limits its answers to segments that it does not accept."""

    EMPTY = "segments without text, and SYNs"
    TEXT = "segments with text or a FIN"


def limited_as(step: Send) -> Limit:
    """Linux answers 0.5 s apart what takes no sequence space, and a SYN (``tcp_oow_rate_limited``)."""
    return Limit.EMPTY if "S" in step.flags or not (step.data or "F" in step.flags) else Limit.TEXT


QUESTIONS = {
    OCTET_BELOW: Question.OCTET_BELOW,
    EMPTY_BELOW: Question.EMPTY_BELOW,
    NEXT_OCTET: Question.NEXT_OCTET,
}
"""What can be asked, the plainest first."""


@dataclass(slots=True)
class Habits:
    """``patience``, where the user named one, scales every wait; else a reply may take ``at_hand`` seconds of a peer
    near by, more of one that was seen to take its time, ``first`` as long as nothing was seen.

    ``answers`` is how the peer answers questions, where it was calibrated; ``taken`` when the last segment was sent, or
    is to be, that draws an answer which the peer limits on all connections together. ``twice``: it was seen to say the
    same in two bare ACKs, one on the heels of the other.
    ``round_trip`` is the shortest time to an answer of the handshake, ``intervals`` the longest time until the peer
    sent a SYN, SYN,ACK or FIN again for the first time. ``mtu`` is no more than what the path takes in one packet.
    ``silenced``, where something on the path is known to keep segments back, says of a record whether it does so with
    the tester's last one.
    ``usual`` is how long the peer usually takes to answer: it may look at what came only now and then.
    """

    patience: float | None = None
    at_hand: float = USUAL_ANSWER
    first: float = USUAL_ANSWER
    round_trip: float | None = None
    intervals: dict[str, float] = field(default_factory=dict)
    application: float = 0.0
    mtu: int = USUAL_MTU
    usual: float = 0.0
    silenced: Callable[[Scenario, Sequence[Event]], bool] | None = None
    twice: bool = False
    answers: dict[Send, Answered] = field(default_factory=dict)
    taken: dict[Limit, float] = field(default_factory=dict)
    _took: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    _quiet: Counter[Point] = field(default_factory=Counter)
    _apart: Counter[Point] = field(default_factory=Counter)

    # -- asked ---------------------------------------------------------------------------------------------------------

    @property
    def scale(self) -> float:
        """What every wait is multiplied by."""
        return 1.0 if self.patience is None else self.patience / USUAL_ANSWER

    @property
    def answer(self) -> float:
        """Seconds a reply may take."""
        if self.patience is not None:
            return self.patience
        if self.round_trip is None:
            return self.first
        late = _ANSWERS * max([answer.seconds for answer in self.answers.values()], default=0.0)
        if self.usual < _AT_HAND:
            return max(self.at_hand, late)
        return max(USUAL_ANSWER, _ROUND_TRIPS * self.round_trip, _ANSWERS * self.usual, late)

    def reply(self, *, delayed: bool) -> float:
        """Seconds a reply may take; of an acknowledgment that may be ``delayed`` it must be seen by how much it is."""
        return max(self.answer, self.seconds(Span.LATE)) if delayed else self.answer

    @property
    def largest(self) -> int:
        """Octets of text in a segment that the path is known to take."""
        return self.mtu - _HEADERS

    @property
    def leaving(self) -> float:
        """Seconds more that are given to a segment of ours that has not left yet: its next hop may have to be found."""
        return _LEAVING * self.scale

    def apart(self, point: Point, events: Sequence[Event]) -> float:
        """Seconds there between a segment of ours that draws no answer, if that came last, and the next one.

        More where the peer's answers do not all come as soon, none where an exchange is played thousands of times.
        """
        if self._apart[point] >= _ALWAYS or not events or not isinstance(last := events[-1], Seen) or not last.to_peer:
            return 0.0
        return self._between

    @property
    def _between(self) -> float:
        differ = max(self._took) - min(self._took) if self._took else 0.0
        return min(_APART + differ, _SECONDS[Span.AFTERWARDS]) * self.scale

    @property
    def path_delay(self) -> float:
        """Seconds granted to the path where a peer is judged for being late."""
        return SCHEDULING + (self.round_trip or 0.0)

    def seconds(self, span: Span, own: float = 0.0) -> float:
        """How long to wait. ``own`` is the longest interval between repetitions in the attempt itself."""
        if span is Span.ANSWER:
            return self.answer
        if span is Span.APPLICATION:
            return max(_TIMES * self.answer, _TIMES * self.application * self.scale)
        if span in _OF_THE_RULE:
            return _OF_THE_RULE[span]
        if span is Span.NEVER:
            return self.scale * self.never(own)
        if span is Span.STOPS:
            known = self.intervals.get("S.")
            return self.scale * (FINAL if known is None else _MARGIN * known)
        least = _SECONDS[span] + _MARGIN * self.usual
        if span in (Span.REPETITION, Span.TIMER):
            least = max(least, _MARGIN * self.intervals.get("F", 0.0))
        return self.scale * least

    def afterwards(self, point: Point) -> float:
        """Seconds to wait there for an answer too many: none of a peer that has so often said nothing there."""
        return 0.0 if self._quiet[point] >= _OFTEN else self.seconds(Span.AFTERWARDS)

    def longest(self, scenario: Scenario) -> float:
        """Seconds that an exchange takes at the most with a peer that stays silent wherever it is waited for."""
        spans = [s.span if isinstance(s, Wait) else s.within for s in scenario.steps if isinstance(s, Wait | Expect)]
        return sum(map(self.seconds, spans))

    @property
    def questions(self) -> tuple[Send, ...]:
        """What this peer answers, as far as is known."""
        return tuple(q for q in QUESTIONS if q not in self.answers or self.answers[q].answered)

    @property
    def shared(self) -> bool:
        """Whether the peer counts its answers on all connections together."""
        return any(answer.shared for answer in self.answers.values())

    def limit(self, step: Send) -> tuple[Limit, float]:
        """Seconds between two segments of ours that draw such answers, so that each is answered; what counts together.

        A peer that limits its answers to text limits all.
        """
        of_text = self._gap(OCTET_BELOW)
        kind = Limit.TEXT if of_text else limited_as(step)
        return kind, of_text if kind is Limit.TEXT else max(of_text, self._gap(EMPTY_BELOW))

    def _gap(self, question: Send) -> float:
        known = self.answers.get(question)
        return QUESTIONS[question].usual_gap if known is None else known.gap

    def never(self, own: float = 0.0) -> float:
        """Seconds of silence that prove that no repetition comes: each doubles the one before (RFC 6298 5.5)."""
        return max(FINAL, _TIMES * max(self.intervals.values(), default=0.0), _TIMES * 2 * own)

    @property
    def learned(self) -> Learned:
        """All of it, for the report."""
        known = self.round_trip is not None
        waits = Waits(
            answer=self.answer,
            delayed_ack=self.reply(delayed=True),
            repetition=self.seconds(Span.REPETITION),
            application=self.seconds(Span.APPLICATION),
            never=self.seconds(Span.NEVER),
            apart=self._between,
        )
        return Learned(
            waits,
            tuple(self.answers[question] for question in QUESTIONS if question in self.answers),
            self.round_trip,
            self.usual if known else None,
            self.application,
            tuple((what, self.intervals[kind]) for kind, what in _REPEATED.items() if kind in self.intervals),
            self.mtu,
            self.twice,
            self.patience is not None,
        )

    # -- fed -----------------------------------------------------------------------------------------------------------

    def takes(self, mtu: int | None) -> None:
        """The path takes packets of so many octets at the most, as an interface or an ICMP error says."""
        if mtu and mtu > _HEADERS:
            self.mtu = min(self.mtu, mtu)

    def stood_apart(self, point: Point, *, asks: bool = False) -> None:
        """There a segment was held back for a moment, in which nothing came; ``asks``: before a question."""
        _count(self._quiet if asks else self._apart, point)

    def heard(self, transcript: Transcript) -> None:
        """An attempt has ended."""
        for error in transcript.errors:
            self.takes(error.icmp.mtu)
        seen = [event for event in transcript.events if isinstance(event, Seen)]
        took = next(_answers(seen), None)
        if took is not None:
            self._took.append(took)
            self.usual = sorted(self._took)[len(self._took) // 2]
            self.round_trip = took if self.round_trip is None else min(self.round_trip, took)
        self.twice = self.twice or _said_twice(seen)
        first: dict[str, float] = {}
        for kind, gap in _gaps(transcript):
            first.setdefault(kind, gap)
        for kind, gap in first.items():
            self.intervals[kind] = max(self.intervals.get(kind, 0.0), gap)


def _count(places: Counter[Point], point: Point) -> None:
    if len(places) >= _POINTS:
        places.clear()
    places[point] += 1


@dataclass(slots=True)
class Turn:
    """When the next segment of a connection may be sent; ``at`` is known from when it is asked until it has left.

    Many a peer answers what it does not accept only so often (RFC 5961 section 7): a segment that would draw such an
    answer is sent when this peer answers again. Its time runs from its answer: it may have looked at ours later.
    """

    habits: Habits
    at: float | None = None
    taken: dict[Limit, float] = field(default_factory=dict)

    def after(self, now: float, pause: float) -> float:
        """The turn of what waits for a moment."""
        self.at = now + pause if self.at is None else self.at
        return self.at

    def take(self, earliest: float, step: Send, events: Sequence[Event]) -> float:
        """The turn of a segment that draws such an answer, after these ``events``."""
        if self.at is None:
            self.at, (kind, gap) = earliest, self.habits.limit(step)
            if gap:
                taken = self.habits.taken if self.habits.shared else self.taken
                last = taken.get(kind)
                self.at = earliest if last is None else max(earliest, _answered(events, last, gap) + gap)
                taken[kind] = self.at
        return self.at


def _answered(events: Sequence[Event], since: float, within: float) -> float:
    """When the peer first spoke after that moment and no later than so many seconds, else that moment."""
    came = (e.time for e in events if isinstance(e, Seen) and not e.to_peer)
    return next((time for time in came if since <= time <= since + within), since)


def _answers(seen: Sequence[Seen]) -> Iterator[float]:
    """Seconds to what came first after our opening SYN; where that was sent again, to a bare answer of another one.

    Which of several SYNs was answered is not known (RFC 6298 section 3), unless a second one was acknowledged.
    """
    if [event.to_peer for event in seen[:2]] == [True, False]:
        yield seen[1].time - seen[0].time
    elif [event.to_peer for event in seen[:2]] == [True, True]:
        came = [event for event in seen if not event.to_peer]
        if came and is_bare_ack(came[0]):  # the first SYN had come (section 3.10.7.4): what answers that is on its way
            yield from (event.time - seen[0].time for event in came if event.segment.flags & SYN)
        for one, two in pairwise(seen[2:]):
            bare = not (one.segment.flags | two.segment.flags) & SYN and not two.segment.seg_len
            if bare and one.to_peer and not two.to_peer:
                yield two.time - one.time


def repetitions(transcript: Transcript) -> float:
    """The longest time until the peer repeated itself in this attempt, so far."""
    return max((gap for _, gap in _gaps(transcript)), default=0.0)


def _said_twice(seen: Sequence[Seen]) -> bool:
    """Whether two bare ACKs alike came at once, although not more than one segment of ours asked for them."""
    asked = before = 0
    last: Seen | None = None
    for event in seen:
        if event.to_peer:
            asked += 1
            continue
        again = last is not None and not asked and before <= 1 and event.segment == last.segment
        if last is not None and again and is_bare_ack(event) and event.time - last.time < _SECONDS[Span.AFTERWARDS]:
            return True
        last, before, asked = event, asked, 0
    return False


_KINDS = {SYN: "S", SYN | ACK: "S.", FIN | ACK: "F"}
_REPEATED = {"S": Repeated.SYN, "S.": Repeated.SYN_ACK, "F": Repeated.FIN}


def _gaps(transcript: Transcript) -> Iterator[tuple[str, float]]:
    """Kind and seconds of every repetition by the peer's own timer: nothing of ours came between the two."""
    last: Seen | None = None
    for event in transcript.judged:
        if not isinstance(event, Seen):
            continue
        if last is not None and not event.to_peer and not last.to_peer:
            one, two = last.segment, event.segment
            kind = _KINDS.get(two.flags & (SYN | ACK | FIN | RST))
            if kind and (one.flags, one.seq) == (two.flags, two.seq):
                yield kind, event.time - last.time
        last = event
