"""The rules about time: gaps between copies that grow, acknowledgments in under half a second, states that expire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from probe.engine.belief.events import Seen, Transcript
from probe.engine.belief.watch import Watch
from probe.scenarios.steps import Repeats, Scenario
from probe.spec import calls
from probe.spec.segment import ACK, FIN, MSS, RST, SYN
from probe.spec.states import State

HALF_SECOND = 0.5
"""MUST-40: an ACK must be delayed less than this (RFC 9293 section 3.8.6.3)."""
GROWTH = 1.3
"""A later gap below this multiple of the first one does not grow (RFC 6298 section 5.5 doubles it)."""
FULL = "ack.every-second-full-segment"
DEFAULT_MSS = 536
"""The size of a segment where the receiver named none (RFC 9293 section 3.7.1)."""
AT_ONCE = 0.15
"""Seconds below every usual timer of delayed acknowledgments."""
TICK = 0.05
"""Seconds granted to the peer's timer tick."""
FINAL = 16.0
"""Seconds of silence, at the least, after which a repetition is said never to come: no initial RTO known is half that
long (RFC 6298 section 2.1 allows any above one second)."""
INITIAL_RTO = 1.0
"""Seconds before a SYN is sent again, while no round trip is known; more is allowed (RFC 6298 section 2.1)."""


@dataclass(frozen=True, slots=True)
class Untimely:
    """A broken timing rule: what was due, what came, and the events that show it."""

    rule: str
    due: str
    came: str
    events: tuple[int, ...]


# -- keep-alives -------------------------------------------------------------------------------------------------------

KEEPALIVE = "seg.keepalive-idle"
IDLE = 0.5
"""Seconds: no stack can be told to count so short a time as idle (RFC 9293 section 3.8.4 has two hours, MUST-28)."""


def judge_keepalives(transcript: Transcript, watch: Watch) -> list[Untimely]:
    """A keep-alive that follows another although a segment of ours came between them (MUST-26).

    Told where a connection is left idle: a stack that sends them back to back does so everywhere.
    """
    found, last, heard = [], None, False
    for index, event in transcript.seen():
        if event.to_peer:
            heard = True
            continue
        answers = watch.after(index).answers
        if not answers or any(answer.call != calls.KEEPALIVE for answer in answers):
            continue
        if last is not None and heard and event.time - last[1] < IDLE:
            came = f"two within {event.time - last[1]:.2f} s"
            found.append(
                Untimely(KEEPALIVE, "a keep-alive after two hours in which nothing came", came, (last[0], index))
            )
        last, heard = (index, event.time), False
    return found[:1]


def is_left_alone(transcript: Transcript, watch: Watch) -> bool:
    """Whether a connection that stands was watched so long that two such keep-alives would have come."""
    asked = None
    for index, event in enumerate(transcript.judged):
        if isinstance(event, Seen):
            asked = event.time if event.to_peer and event.segment.seg_len else asked
        elif asked is not None and event.time - asked > 2 * IDLE:
            return watch.after(index).states == (State.ESTABLISHED.value,)
    return False


# -- copies ------------------------------------------------------------------------------------------------------------

_WANTED = {"S": (SYN | ACK, SYN), "S.": (SYN | ACK, SYN | ACK), "F": (FIN, FIN)}


def judge_repeats(transcript: Transcript, repeats: Repeats) -> list[Untimely]:
    """Gaps between the copies of a repeated SYN, SYN,ACK or FIN."""
    events, gaps = _copies(transcript, repeats)
    came = ", ".join(f"{gap:.2f} s" for gap in gaps)
    found = []
    if gaps and repeats.first_rule and gaps[0] < INITIAL_RTO - TICK:
        found.append(Untimely(repeats.first_rule, f"first repetition after {INITIAL_RTO:g} s or more", came, events))
    if len(gaps) > 1 and gaps[-1] < gaps[0] * GROWTH - TICK:
        found.append(Untimely(repeats.growth_rule, "gaps that grow (doubled each time)", came, events))
    return found


def beyond_loss(transcript: Transcript, scenario: Scenario) -> int:
    """How many departures no lost segment makes: gaps that do not grow at all. A silence may be the path's.

    Of gaps that double the next is longer than the last by one of them or more, whatever copies in between were lost.
    """
    gaps = [_copies(transcript, repeats)[1] for repeats in scenario.repeats if repeats.growth_rule]
    return sum(len(some) > 1 and some[-1] < some[0] + TICK for some in gaps)


def kept_gaps(transcript: Transcript, repeats: Repeats) -> Iterator[str]:
    """The rules that the gaps between the copies show kept; one gap says nothing about growth."""
    _, gaps = _copies(transcript, repeats)
    broken = {item.rule for item in judge_repeats(transcript, repeats)}
    wanted = (repeats.first_rule if gaps else "", repeats.growth_rule if len(gaps) > 1 else "")
    yield from (rule for rule in wanted if rule and rule not in broken)


def _copies(transcript: Transcript, repeats: Repeats) -> tuple[tuple[int, ...], list[float]]:
    """Event indices of the copies, and the seconds between them."""
    mask, wanted = _WANTED[repeats.what]
    copies = [(i, e) for i, e in transcript.seen() if not e.to_peer and e.segment.flags & mask == wanted]
    return tuple(i for i, _ in copies), [later.time - earlier.time for (_, earlier), (_, later) in pairwise(copies)]


# -- acknowledgments ---------------------------------------------------------------------------------------------------

_TAKEN = {"E3", "E6", "W3", "W4", "W5", "V3", "V4"}
"""Rows that take text or a FIN, and owe an acknowledgment for it."""


def judge_delayed_acks(transcript: Transcript, watch: Watch, slack: float) -> list[Untimely]:
    """Acknowledgments of text or FIN that came later than half a second plus ``slack`` (the path's delay)."""
    return [
        Untimely(rule, "an ACK in less than 0.5 s", f"an ACK after {waited:.2f} s", events)
        for rule, waited, events in _acks(transcript, watch)
        if waited > HALF_SECOND + slack
    ]


def prompt_acks(transcript: Transcript, watch: Watch, slack: float) -> Iterator[str]:
    """The rules that acknowledgments in time show kept."""
    yield from (rule for rule, waited, _ in _acks(transcript, watch) if waited <= HALF_SECOND + slack)


def _acks(transcript: Transcript, watch: Watch) -> Iterator[tuple[str, float, tuple[int, int]]]:
    """Rule, seconds waited and the two events of every acknowledgment of text or FIN whose cause is certain."""
    seen = dict(transcript.seen())
    for index, event in seen.items():
        answers = watch.after(index).answers
        for answer in answers:
            asked = seen.get(answer.index)
            if asked is None or answer.row not in _TAKEN or len(answers) > 1:
                continue
            rule = "ack.fin-prompt" if asked.segment.flags & FIN else "ack.under-half-second"
            yield rule, event.time - asked.time, (answer.index, index)


def judge_full_segments(transcript: Transcript, slack: float) -> list[Untimely]:
    """The ACK of a second full-sized segment that only a timer brought (RFC 9293 section 3.8.6.3, SHLD-19)."""
    waited, events = _second_full(transcript)
    if waited is None or waited <= AT_ONCE + slack:
        return []
    return [Untimely(FULL, "an ACK of every second full-sized segment at once", f"an ACK after {waited:.2f} s", events)]


def full_segments_acked(transcript: Transcript, slack: float) -> bool:
    """Whether a second full-sized segment was acknowledged without waiting for a timer."""
    waited, _ = _second_full(transcript)
    return waited is not None and waited <= AT_ONCE + slack


def full_size(transcript: Transcript) -> int:
    """The size of a full segment: what the peer asked for in its SYN,ACK."""
    asked = next((e.segment.option(MSS) for _, e in transcript.seen() if not e.to_peer and e.segment.flags & SYN), None)
    return int.from_bytes(asked.data, "big") if asked is not None else DEFAULT_MSS


def _second_full(transcript: Transcript) -> tuple[float | None, tuple[int, ...]]:
    """Seconds from the segment that completed two full ones to the first ACK of them, and the two events.

    A full one has the size the peer asked for in its SYN,ACK; where that is more than the text, nothing can be said.
    """
    seen, size = transcript.seen(), full_size(transcript)
    least = min(size, DEFAULT_MSS)
    large = [
        (i, e) for i, e in seen if e.to_peer and e.segment.length >= least - sum(o.size for o in e.segment.options)
    ]
    if not large or sum(e.segment.length for _, e in large) < 2 * size:
        return None, ()
    (index, sent), first = large[-1], large[0][1]
    for i, event in seen:
        covers = event.segment.ack > first.segment.end
        if i > index and not event.to_peer and event.segment.flags & ACK and covers:
            return event.time - sent.time, (index, i)
    return None, ()


# -- states that only the peer's own timer ends: TIME-WAIT after 2MSL, LAST-ACK after R2 -------------------------------

LONG = 10.0
"""Seconds of silence of the tester that count as a wait for the peer's timer."""
SHORTEST = 25.0
"""Seconds: less than most stacks hold; RFC 9293 section 3.4.2 lets MSL be chosen, not left out (MUST-13)."""
LONGEST = 240.0
"""Seconds: 2MSL with the MSL of 2 minutes that RFC 9293 section 3.4.2 defines."""
PATIENT = 100.0
"""Seconds that R2 should correspond to at least (SHLD-11, RFC 9293 section 3.8.3)."""
SCHEDULING = 2.0
"""Seconds that the peer's timers may be off."""
DURATION, RESTART, EXPIRES = "timewait.duration", "timewait.timer-restart", "timewait.expires"
GIVES_UP = "close.gives-up"


@dataclass(frozen=True, slots=True)
class _Question:
    """A segment of ours after ``waited`` seconds: an ACK says that the connection was still there, a RST that not."""

    waited: float
    alive: bool
    events: tuple[int, int]


def judge_expiry(transcript: Transcript, scenario: Scenario) -> list[Untimely]:
    """Departures from what the scenario shows of how long a state is held."""
    return [item for item in _departures(transcript, _questions(transcript)) if item.rule in scenario.shows]


def kept_expiry(transcript: Transcript, scenario: Scenario) -> Iterator[str]:
    """The rules that the answers show kept."""
    questions = _questions(transcript)
    broken = {item.rule for item in _departures(transcript, questions)}
    alive = [question.alive for question in questions]
    gone = alive == [False]
    seen = {DURATION: alive[:1] == [True], RESTART: alive == [True, True], EXPIRES: gone, GIVES_UP: gone}
    yield from (rule for rule, yes in seen.items() if yes and rule in scenario.shows and rule not in broken)


def measured_expiry(transcript: Transcript, scenario: Scenario) -> Iterator[Untimely]:
    """How long TIME-WAIT was seen to last, where nothing departs: each question that was answered starts it anew."""
    questions = _questions(transcript)
    if not questions or not {DURATION, RESTART, EXPIRES} & set(scenario.shows):
        return
    held = max((q.waited for q in questions if q.alive), default=0.0)
    gone = next((q.waited for q in questions if not q.alive), 0.0)
    bounds = [f"{held:.0f} s or more" if held else "", f"less than {gone:.0f} s" if gone else ""]
    due = f"2MSL ({LONGEST:g} s with the MSL of 2 minutes)"
    yield Untimely(DURATION, due, f"TIME-WAIT lasts {' and '.join(filter(None, bounds))}", questions[-1].events)


def _departures(transcript: Transcript, questions: list[_Question]) -> Iterator[Untimely]:
    if not questions:
        return
    first, last = questions[0], questions[-1]
    if not first.alive and first.waited <= SHORTEST + 1:
        due = f"TIME-WAIT for 2MSL, {SHORTEST:g} s or more"
        yield Untimely(DURATION, due, f"gone after {first.waited:.0f} s", first.events)
    if first.alive and not last.alive and last.waited <= first.waited:
        due, came = "2MSL again after the FIN was acknowledged again", f"gone after {last.waited:.0f} s more"
        yield Untimely(RESTART, due, came, last.events)
    if last.alive and last.waited > LONGEST:
        yield Untimely(EXPIRES, "CLOSED after 2MSL", f"still there after {last.waited:.0f} s", last.events)
    # The longest the peer can have waited before it gave up on its FIN: twice the last gap after its last copy.
    fins = [e.time for _, e in transcript.seen() if not e.to_peer and e.segment.flags & FIN]
    tried = fins[-1] - fins[0] + 2 * (fins[-1] - fins[-2]) if len(fins) > 2 else 0.0
    if not last.alive and 0 < tried < PATIENT - SCHEDULING:
        due = f"the FIN again for {PATIENT:g} s or more"
        yield Untimely(GIVES_UP, due, f"given up within {tried:.0f} s", last.events)


def _questions(transcript: Transcript) -> list[_Question]:
    """Our segments after a long silence of ours that an ACK or a RST answered."""
    seen = transcript.seen()
    found, before = [], None
    for place, (index, event) in enumerate(seen):
        if not event.to_peer:
            continue
        waited = 0.0 if before is None else event.time - before
        before = event.time
        answer = next(((i, e) for i, e in seen[place + 1 :] if not e.to_peer), None)
        if waited >= LONG and answer is not None and answer[1].segment.flags & (ACK | RST):
            found.append(_Question(waited, not answer[1].segment.flags & RST, (index, answer[0])))
    return found
