"""A peer that answers no longer: which segments may have ended it, which attempts tell nothing, what is a finding.

A peer is known to have lived when it last sent something new: what it only repeats, a timer may send by itself. Every
segment sent before that and a round trip has reached a live peer; of those sent later the first that had to be answered
was not, so the one that ended the peer is that one or one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from probe.engine.belief.events import Seen
from probe.engine.judge.findings import grade, show
from probe.engine.path.unusual import ORDINARY_OPTIONS
from probe.engine.trial.attempt import Attempt
from probe.results.death import Death, Ending
from probe.results.verdict import Finding
from probe.spec.segment import RST, Segment

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
    def place(self) -> int | None:
        """Its place among the segments of the script; None for what the tester sends by itself."""
        return self.attempt.conductor.transcript.places.get(self.index)

    @property
    def plain(self) -> str:
        """The segment as ladders show it."""
        return show(self.attempt.conductor.watch, self.event)

    @property
    def text(self) -> str:
        """The same with what is unusual about its header."""
        return f"{self.plain}{_oddities(self.event.segment)}"

    @property
    def is_odd(self) -> bool:
        """Whether there is something unusual about its header."""
        return bool(_oddities(self.event.segment))


def last_sign(attempts: Iterable[Attempt], ending: Ending) -> float:
    """When the peer last sent a segment that was no copy of an earlier one; a RST is none of an application's."""
    newest = float("-inf")
    for attempt in attempts:
        known = set()
        for _, event in attempt.segments:
            segment = event.segment
            look = (segment.seq, segment.ack, segment.flags, segment.length)
            if not event.to_peer and look not in known and not _refuses(segment, ending):
                known.add(look)
                newest = max(newest, event.time)
    return newest


def _refuses(segment: Segment, ending: Ending) -> bool:
    return ending in (Ending.REFUSED, Ending.LIMITED) and bool(segment.flags & RST)


def suspects(attempts: Sequence[Attempt], ending: Ending) -> list[Suspect]:
    """The segments that may have ended the peer, in the order they were sent."""
    heard = max((_answered(attempt, ending) for attempt in attempts), default=0.0)
    since = max(last_sign(attempts, ending) - _round_trip(attempts), heard)
    late = [Suspect(a, i) for a in attempts for i, e in a.segments if e.to_peer and e.time > since]
    late.sort(key=lambda one: one.event.time)
    first = next((place for place, one in enumerate(late) if _owed(one)), len(late))
    late = late[: first + 1]
    # What a connection began with before, up to and with this segment, did no harm then.
    survived = {script for a in attempts for _, event, script in _scripts(a) if event.time <= since}
    scripts = {(id(a), i): script for a in attempts for i, _, script in _scripts(a)}
    return [one for one in late if scripts[id(one.attempt), one.index] not in survived] or late


_Script = tuple[tuple[int, bool, str], ...]


def _scripts(attempt: Attempt) -> Iterator[tuple[int, Seen, _Script]]:
    """Each of our segments with its event index, and the looks of all of them so far."""
    script: _Script = ()
    for index, event in attempt.segments:
        if event.to_peer:
            segment = event.segment
            script = (*script, (segment.flags, bool(segment.length), _oddities(segment)))
            yield index, event, script


def _round_trip(attempts: Iterable[Attempt]) -> float:
    """The longest time a SYN and its answer took: on a busy host a segment may wait so long before it is met."""
    pairs = (attempt.segments[:2] for attempt in attempts if len(attempt.segments) > 1)
    return max((two.time - one.time for (_, one), (_, two) in pairs if one.to_peer and not two.to_peer), default=0.0)


def _answered(attempt: Attempt, ending: Ending) -> float:
    """When the last of our segments was sent that is known to have been answered."""
    watch, events = attempt.conductor.watch, attempt.conductor.transcript.events
    answers = [index for index, event in attempt.segments if not _refuses(event.segment, ending)]
    known = {answer.index for index in answers for answer in watch.after(index).answers if answer.index >= 0}
    return max((events[index].time for index in known), default=0.0)


def _owed(one: Suspect) -> bool:
    """Whether the segment had to be answered, whatever history the peer has."""
    watch = one.attempt.conductor.watch
    belief = watch.memory.closure(watch.after(one.index).belief, watch.terms)
    ready = [h for h in belief if not h.inflight]
    return bool(ready) and all(any(due and due.index == one.index for due in (h.due, h.owed)) for h in ready)


def _oddities(segment: Segment) -> str:
    """What flags and numbers do not tell."""
    unusual = [o for o in segment.options if o.fault or o.kind not in ORDINARY_OPTIONS]
    odd = [f"option {o.kind}{': ' if o.fault else ''}{o.fault}" for o in unusual]
    odd += [f"wrong {fault}" for fault in segment.faults]
    odd += [f"urgent pointer {segment.urgent}"] * bool(segment.urgent)
    odd += [f"reserved bits {segment.reserved}"] * bool(segment.reserved)
    return f" ({', '.join(odd)})" if odd else ""


def autopsy(found: Sequence[Suspect], ending: Ending, asked: int, seconds: float, trouble: str) -> Death:
    """What is known of the end of a peer that one of these segments brought about.

    The one suspect is accused where its exchange is a dangerous one, which is played alone. Any other may have met a
    plug that was pulled: it is accused when that comes again.
    """
    names = tuple(dict.fromkeys(one.attempt.scenario.id for one in found))
    certain = len(names) == 1 and found[0].attempt.scenario.risky and ending is Ending.SILENT
    return Death(
        ending,
        names,
        tuple(one.text for one in found),
        tuple(one.event.number for one in found if one.event.number),
        asked,
        seconds,
        trouble,
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
    again = f"; {_which(death)} ends the stack, {death.ended} of {death.tries}" if death.ended else ""
    sent, due = " or ".join(death.segments), "afterwards SYN,ACKs to SYNs from any port"
    came = silence(death) if death.ending is Ending.LINE else f"nothing: {silence(death)}"
    return grade(death.rule, sent, due, came + again, death.packets)


def _which(death: Death) -> str:
    return "this segment" if len(death.segments) == 1 else "one of these segments"


def silence(death: Death) -> str:
    """How it is known, for people."""
    if death.ending is Ending.LINE:
        return f"the line failed: {death.trouble}"
    how = "refused" if death.ending is Ending.REFUSED else "without answer"
    return f"{death.asked} SYNs in {death.seconds:.1f} s, from fresh ports, {how}"


_WHAT = {
    Ending.SILENT: ("the peer died", "the peer had died", "the peer answers no longer"),
    Ending.REFUSED: ("the application ended", "the application had ended", "nothing listens on the port any more"),
    Ending.LIMITED: (
        "no more connections were let in",
        "no more connections were let in, as by a limit on SYNs",
        "no more connections are let in, as by a limit on SYNs",
    ),
    Ending.LINE: ("the line failed", "the line had failed", "there is no way to the peer any more"),
}


def unplayed(deaths: Sequence[Death], exchange: str) -> str:
    """Why an exchange was not played to its end, for people."""
    met = next((one for one in deaths if exchange in one.suspects), None)
    death = met or deaths[-1]
    during, before, _ = _WHAT[death.ending]
    others = [name for name in death.suspects if name != exchange]
    if met is not None:
        return f"{during} while it was played{', as was ' if others else ''}{' and '.join(others)}"
    return f"not played: {before}{' in ' if others else ''}{' or '.join(others)}"


def told(death: Death) -> str:
    """The death as a sentence for people."""
    who, sent = " or ".join(death.suspects), " or ".join(death.segments)
    if death.ended:
        return f"{_which(death)} ends the stack, {death.ended} of {death.tries}: {sent}, in {who}"
    if death.ending is Ending.LIMITED:
        return f"{_WHAT[death.ending][2]} ({silence(death)})"
    if not who:
        return f"{_WHAT[death.ending][2]}, and nothing was under way ({silence(death)})"
    again = "; played again one by one, nothing of that ended it" if death.tries else ""
    return f"{_WHAT[death.ending][2]} since {who} was played, after {sent} ({silence(death)}){again}"
