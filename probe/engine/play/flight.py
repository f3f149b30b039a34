"""What is in flight: which of our segments were not seen on the wire yet, and what the peer may still answer.

The belief decides (``Watch``): what every permitted history of the peer has answered, what one of them still owes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from probe.engine.belief.events import Event, Seen, Transcript
from probe.engine.belief.watch import Watch
from probe.scenarios.steps import NEXT_OCTET, OCTET_BELOW, Expect, Question, Send, Span, Step
from probe.spec.records import quick
from probe.spec.segment import ACK, OPENING, RST, SYN, Segment
from probe.spec.seq import Seq

_SYNS = 3
"""So many times a SYN is sent: more than two lost ones are rare on any path that is of use."""
LOOK = 0.05
"""Seconds between looks whether a segment of ours has left at last."""
SECOND = Expect("second", Span.AFTERWARDS, silence=True)
"""What is waited for behind a bare ACK of a peer that says each of them twice: it would cross with what follows."""
_SEGMENTS = Send, Question
GONE = frozenset({"CLOSED", "LISTEN"})
"""Peer states without a connection."""
_FIN_ACKED = GONE | {"FIN-WAIT-2", "TIME-WAIT"}
"""Peer states that owe no FIN, nor one again."""
_TAKING_TEXT = frozenset({"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"})
"""Peer states that owe an acknowledgment of text (RFC 9293 section 3.10.7.4 seventh)."""


@quick
@dataclass(frozen=True, slots=True)
class Sent:
    """A segment of ours that is not seen on the wire yet: what its reaction shows, its place in the script.

    ``waits``: the time given to the peer begins with it. What acknowledges a peer that sends without end does not.
    """

    segment: Segment
    rule: str = ""
    place: int | None = None
    waits: bool = True


@dataclass(slots=True)
class Outbox:
    """Our segments on their way to the wire; ``count`` of them were not seen there."""

    count: int = 0
    _sent: deque[Sent] = field(default_factory=deque)

    def put(self, sent: Sent) -> None:
        """A segment is handed to the line."""
        self.count += 1
        self._sent.append(sent)

    def seen(self, event: Seen, index: int, transcript: Transcript) -> bool:
        """One of ours was seen, as event ``index``; whether the time given to the peer begins with it."""
        self.count -= 1
        while self._sent:
            sent = self._sent.popleft()
            one, two = sent.segment, event.segment
            if (one.flags, one.seq, one.ack) == (two.flags, two.seq, two.ack):
                if sent.rule:
                    transcript.named[index] = sent.rule
                if sent.place is not None:
                    transcript.places[index] = sent.place
                return sent.waits
        return False


def questions(watch: Watch, known: Iterable[Send], *, in_order: bool) -> list[Send]:
    """What the peer answers wherever it may be now, of what it is ``known`` to answer; the plainest first.

    Who has no connection answers anything with a RST. The next octet in order, for which there is room in its window
    (``in_order``), only where it must be acknowledged, and before our FIN.
    """
    states = watch.outlook.reached
    if states <= GONE:
        return [OCTET_BELOW]
    taken = in_order and states <= _TAKING_TEXT | GONE | {"SYN-RECEIVED"}
    return [q for q in known if q is not NEXT_OCTET or taken]


def may_send_fin(watch: Watch) -> bool:
    """Whether it still may, for the first time or again: not where it was acknowledged, or no connection is left."""
    return not watch.outlook.reached <= _FIN_ACKED


def unanswered_syn(transcript: Transcript, step: Step) -> Sent | None:
    """Our SYN, to be sent again as every host does: nothing has come since that says whether it arrived."""
    waits = isinstance(step, Expect) and step.what in ("S.", "R") and step.within is Span.ANSWER and not step.silence
    if not waits or not transcript.events or transcript.sealed is not None or transcript.errors:
        return None
    index, last = len(transcript.events) - 1, transcript.events[-1]
    if not isinstance(last, Seen) or not last.to_peer or last.segment.flags & OPENING != SYN or last.segment.faults:
        return None
    tries = takewhile(lambda e: isinstance(e, Seen) and e.segment == last.segment, reversed(transcript.events))
    if len(list(tries)) >= _SYNS:
        return None
    return Sent(last.segment, transcript.named.get(index, ""), transcript.places.get(index))


def is_known_gone(transcript: Transcript, watch: Watch, harmless: frozenset[str]) -> bool:
    """Whether no connection is left on the peer; of a RST of ours that nothing came after it is not known."""
    if not transcript.seen():
        return True
    last, states = transcript.events[-1], watch.point.states
    unheard = isinstance(last, Seen) and last.to_peer and last.segment.flags & RST
    return bool(states) and harmless.issuperset(states) and not unheard


def unopened(events: Sequence[Event]) -> list[Seq]:
    """The numbers behind our SYNs that opened nothing on the peer.

    What counts connections on the way may hold them for half-open, for minutes, until it sees a RST with that number.
    """
    found: dict[int, Seq] = {}
    for event in events:
        if not isinstance(event, Seen):
            continue
        segment = event.segment
        if event.to_peer and segment.flags & OPENING == SYN:
            found[int(segment.end)] = segment.end
        elif not event.to_peer and segment.flags & (SYN | RST):
            found.pop(int(segment.ack), None)
    return list(found.values())


def is_bare_ack(event: Event) -> bool:
    """Whether it is one of the peer's."""
    if not isinstance(event, Seen) or event.to_peer:
        return False
    return event.segment.flags & OPENING == ACK and not event.segment.length


def ours_was_last(events: Sequence[Event]) -> bool:
    """Whether the last that passed was a segment of ours."""
    return bool(events) and isinstance(last := events[-1], Seen) and last.to_peer


def came_once(events: Sequence[Event]) -> bool:
    """Whether the newest event is a bare ACK of the peer that has not come twice."""
    newest = [event.segment if isinstance(event, Seen) else None for event in events[-2:]]
    return bool(newest) and is_bare_ack(events[-1]) and newest != [newest[-1]] * 2


def was_answered_after(transcript: Transcript, index: int) -> bool:
    """Whether something came after the first segment of ours behind that event."""
    since = [event for place, event in transcript.seen() if place > index]
    asked = next((place for place, event in enumerate(since) if event.to_peer), len(since))
    return any(not event.to_peer for event in since[asked:])


def quoted_at(events: list[Event], quoted: Segment) -> int:
    """The last event of ours that an ICMP error quotes, or -1; of some nothing but the sequence number is told."""

    def is_quoted(event: Event) -> bool:
        if not isinstance(event, Seen) or not event.to_peer or event.segment.seq != quoted.seq:
            return False
        return not quoted.flags or (event.segment.flags, event.segment.ack) == (quoted.flags, quoted.ack)

    return next((place for place in reversed(range(len(events))) if is_quoted(events[place])), -1)


def is_newest(events: list[Event], index: int) -> bool:
    """Whether that event is the tester's last segment; no index (-1) is none."""
    return index >= 0 and not any(isinstance(e, Seen) and e.to_peer for e in events[index + 1 :])


def hurried(some: Sequence[Step]) -> list[Step]:
    """The steps with our FIN right behind our SYN,ACK: a CLOSE in SYN-RECEIVED (RFC 9293 section 3.10.4)."""
    out: list[Step] = []
    for step in some:
        if isinstance(step, Send) and step.flags == "F." and out[-2:] == [Send("S."), Expect(".")]:
            out[-1:] = []
            out.append(replace(step, crossing=True))
        else:
            out.append(step)
    return out


def segments(some: Iterable[Step]) -> int:
    """How many segments of the script these steps send; what fills a window does not count."""
    return sum([isinstance(step, _SEGMENTS) for step in some])
