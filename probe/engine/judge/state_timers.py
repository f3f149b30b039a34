"""How long the peer holds a state that only its own timer ends: TIME-WAIT for 2MSL, LAST-ACK until R2 (pure judges).

A question after a long wait tells: an ACK, the connection is still there; a RST, it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probe.engine.belief.transcript import Transcript
from probe.engine.judge.timers import Late
from probe.scenarios.steps import Scenario
from probe.spec.segment import ACK, FIN, RST

LONG = 10.0
"""Seconds of silence of the tester that count as a wait for the peer's timer."""
SHORTEST = 25.0
"""Seconds: less than the 2MSL of any stack known; RFC 9293 section 3.4.2 lets MSL be chosen, not left out (MUST-13)."""
LONGEST = 240.0
"""Seconds: 2MSL with the MSL of 2 minutes that RFC 9293 section 3.4.2 defines."""
PATIENT = 100.0
"""Seconds that R2 should correspond to at least (SHLD-11, RFC 9293 section 3.8.3)."""
DURATION, RESTART, EXPIRES = "timewait.duration", "timewait.timer-restart", "timewait.expires"
GIVES_UP = "close.gives-up"


@dataclass(frozen=True, slots=True)
class Probe:
    """A question after ``waited`` seconds: whether the connection was still there, and the two events."""

    waited: float
    alive: bool
    events: tuple[int, int]


def judge_hold(transcript: Transcript, scenario: Scenario) -> list[Late]:
    """Departures from what the scenario shows of holding a state."""
    probes = _probes(transcript)
    found = {rule: late for rule, late in _departures(transcript, probes) if rule in scenario.shows}
    return list(found.values())


def held(transcript: Transcript, scenario: Scenario) -> Iterator[str]:
    """The rules that the answers show kept."""
    probes = _probes(transcript)
    broken = {rule for rule, _ in _departures(transcript, probes)}
    alive = [p.alive for p in probes]
    shown = {
        DURATION: alive[:1] == [True],
        RESTART: alive == [True, True],
        EXPIRES: alive == [False],
        GIVES_UP: alive == [False],
    }
    yield from (rule for rule, yes in shown.items() if yes and rule in scenario.shows and rule not in broken)


def _departures(transcript: Transcript, probes: list[Probe]) -> Iterator[tuple[str, Late]]:
    if not probes:
        return
    first, last = probes[0], probes[-1]
    if not first.alive and first.waited <= SHORTEST + 1:
        due = f"TIME-WAIT for 2MSL, {SHORTEST:g} s or more"
        yield DURATION, Late(DURATION, due, f"gone after {first.waited:.0f} s", first.events)
    if first.alive and not last.alive and last.waited <= first.waited:
        due, came = "2MSL again after the FIN was acknowledged again", f"gone after {last.waited:.0f} s more"
        yield RESTART, Late(RESTART, due, came, last.events)
    if last.alive and last.waited > LONGEST:
        yield EXPIRES, Late(EXPIRES, "CLOSED after 2MSL", f"still there after {last.waited:.0f} s", last.events)
    tried = _tried(transcript)
    if not last.alive and 0 < tried < PATIENT - SCHEDULING:
        due = f"the FIN again for {PATIENT:g} s or more"
        yield GIVES_UP, Late(GIVES_UP, due, f"given up within {tried:.0f} s", last.events)


SCHEDULING = 2.0
"""Seconds that the peer's timers may be off."""


def _tried(transcript: Transcript) -> float:
    """The longest the peer can have waited before it gave up on its FIN: twice the last gap after its last copy."""
    times = [e.time for _, e in transcript.seen() if not e.to_peer and e.segment.flags & FIN]
    if len(times) < 3:
        return 0.0
    return times[-1] - times[0] + 2 * (times[-1] - times[-2])


def _probes(transcript: Transcript) -> list[Probe]:
    """Our segments after a long silence of ours, and whether an ACK or a RST answered."""
    seen = transcript.seen()
    found, before = [], None
    for place, (index, event) in enumerate(seen):
        if not event.to_peer:
            continue
        waited = 0.0 if before is None else event.time - before
        before = event.time
        answer = next(((i, e) for i, e in seen[place + 1 :] if not e.to_peer), None)
        if waited >= LONG and answer is not None and answer[1].segment.flags & (ACK | RST):
            found.append(Probe(waited, not answer[1].segment.flags & RST, (index, answer[0])))
    return found
