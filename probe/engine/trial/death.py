"""A peer that answers no longer: which segments may have ended it, which attempts tell nothing, what is a finding.

A peer is known to have lived when it last sent something new: what it only repeats, a timer may send by itself. Every
segment sent before that and a round trip has reached a live peer; of those sent later the first that had to be answered
was not, so the one that ended the peer is that one or one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probe.engine.belief.events import Seen
from probe.engine.judge.findings import grade, show
from probe.engine.trial.attempt import Attempt
from probe.results.death import Death, Ending
from probe.results.verdict import Finding
from probe.spec.segment import SYN, Segment

SURVIVES, ILLEGAL_LENGTH = "stack.survives", "opt.illegal-length"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A segment of an attempt, by the index of its event, that may have ended the peer."""

    attempt: Attempt
    index: int

    @property
    def event(self) -> Seen:
        """The segment as it was seen."""
        event = self.attempt.conductor.transcript.events[self.index]
        assert isinstance(event, Seen)
        return event

    @property
    def text(self) -> str:
        """The segment as reports show it, with what is unusual about its header."""
        return f"{show(self.attempt.conductor.watch, self.event)}{_oddities(self.event.segment)}"


def last_sign(attempts: Iterable[Attempt]) -> float:
    """When the peer last sent a segment that was no copy of an earlier one."""
    newest = float("-inf")
    for attempt in attempts:
        known = set()
        for _, event in attempt.segments:
            segment = event.segment
            look = (segment.seq, segment.ack, segment.flags, segment.length)
            if not event.to_peer and look not in known:
                known.add(look)
                newest = max(newest, event.time)
    return newest


def suspects(attempts: Sequence[Attempt]) -> list[Suspect]:
    """The segments that may have ended the peer, in the order they were sent."""
    since = max(last_sign(attempts) - _round_trip(attempts), max(map(_answered, attempts), default=0.0))
    late = [Suspect(a, i) for a in attempts for i, e in a.segments if e.to_peer and e.time > since]
    late.sort(key=lambda one: one.event.time)
    first = next((place for place, one in enumerate(late) if _owed(one)), len(late))
    late = late[: first + 1]
    # The port has answered plain first SYNs before.
    return [one for one in late if not (one.index == one.attempt.segments[0][0] and _is_plain(one.event.segment))]


def _round_trip(attempts: Iterable[Attempt]) -> float:
    """The shortest time a SYN and its answer took."""
    pairs = (attempt.segments[:2] for attempt in attempts if len(attempt.segments) > 1)
    return min((two.time - one.time for (_, one), (_, two) in pairs if one.to_peer and not two.to_peer), default=0.0)


def _answered(attempt: Attempt) -> float:
    """When the last of our segments was sent that is known to have been answered."""
    watch, events = attempt.conductor.watch, attempt.conductor.transcript.events
    known = {
        answer.index for index, _ in attempt.segments for answer in watch.after(index).answers if answer.index >= 0
    }
    return max((events[index].time for index in known), default=0.0)


def _owed(one: Suspect) -> bool:
    """Whether the segment had to be answered, whatever history the peer has."""
    watch = one.attempt.conductor.watch
    belief = watch.memory.closure(watch.after(one.index).belief, watch.terms)
    ready = [h for h in belief if not h.inflight]
    return bool(ready) and all(any(due and due.index == one.index for due in (h.due, h.owed)) for h in ready)


def _is_plain(segment: Segment) -> bool:
    return segment.flags == SYN and not segment.length and not _oddities(segment)


def _oddities(segment: Segment) -> str:
    """What flags and numbers do not tell."""
    odd = [f"option {option.kind}: {option.fault}" for option in segment.options if option.fault]
    odd += [f"wrong {fault}" for fault in segment.faults]
    odd += [f"urgent pointer {segment.urgent}"] * bool(segment.urgent)
    odd += [f"reserved bits {segment.reserved}"] * bool(segment.reserved)
    return f" ({', '.join(odd)})" if odd else ""


def autopsy(attempts: Sequence[Attempt], ending: Ending, asked: int, seconds: float) -> Death:
    """What is known of the end of a peer that these attempts were played with.

    The one suspect is accused where its exchange is a dangerous one, which is played alone. Any other may have met a
    plug that was pulled: it is accused when that comes again.
    """
    found = suspects(attempts)
    names = tuple(dict.fromkeys(one.attempt.scenario.id for one in found))
    certain = len(names) == 1 and found[0].attempt.scenario.risky and ending is Ending.SILENT
    return Death(
        ending,
        names,
        tuple(one.text for one in found),
        tuple(one.event.number for one in found if one.event.number),
        asked,
        seconds,
        rule=rule_of(found) if certain else "",
    )


def rule_of(found: Sequence[Suspect]) -> str:
    """What a stack breaks that ends by one of these segments (MUST-7 for an illegal option length)."""
    illegal = any(option.fault for one in found for option in one.event.segment.options)
    return ILLEGAL_LENGTH if illegal else SURVIVES


def void(attempts: Iterable[Attempt], since: float) -> list[Attempt]:
    """Mark those whose last word came after the peer's last sign of life: its silence was no answer."""
    late = [
        attempt for attempt in attempts if (judged := attempt.conductor.transcript.judged) and judged[-1].time > since
    ]
    for attempt in late:
        attempt.conductor.transcript.interrupted = True
    return late


def finding(death: Death) -> Finding:
    """The departure that the death is."""
    again = f"; played again, it ended the stack {death.ended} times of {death.tries}" if death.tries else ""
    sent, came = ", ".join(death.segments), f"nothing: {silence(death)}{again}"
    return grade(death.rule, sent, "afterwards SYN,ACKs to SYNs from any port", came, death.packets)


def silence(death: Death) -> str:
    """How it is known, for people."""
    if death.ending is Ending.LINE:
        return death.trouble
    how = "refused" if death.ending is Ending.REFUSED else "without answer"
    return f"{death.asked} SYNs in {death.seconds:.1f} s, each from another port, {how}"


def told(death: Death) -> str:
    """The death as a sentence for people."""
    who = " or ".join(death.suspects) or "no exchange"
    what = {
        Ending.SILENT: "the peer answers no longer",
        Ending.REFUSED: "nothing listens on the port any more",
        Ending.LINE: "the line to the peer failed",
    }[death.ending]
    where = f"since {who} was played" if death.suspects else "and nothing was under way"
    if death.tries:
        return f"{death.segments[-1]} ends the stack, {death.ended} of {death.tries}, in {who}"
    after = f", after {' or '.join(death.segments)}" if death.segments else ""
    return f"{what} {where}{after} ({silence(death)})"
