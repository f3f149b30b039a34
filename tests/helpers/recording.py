"""Exchanges played in invented time and saved as a check saves them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from probe.engine.belief.events import Quiet, Seen
from probe.engine.judge.attempt import judge
from probe.engine.judge.jury import heard_enough
from probe.engine.trial.attempt import Attempt, case_of
from probe.engine.trial.hearing import Hearing
from probe.recording.metadata import RunMetadata
from probe.recording.sections import section_comment
from probe.recording.writing import comments_of
from probe.results.verdict import ExchangeResult
from probe.scenarios.steps import Scenario
from probe.scenarios.triggers import TARGET, Trigger
from probe.spec.segment import ACK, RST, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.record import Recorder
from tests.helpers.dialogue import Dialogue, Loses
from tests.helpers.peer import Peer
from tests.helpers.play import kept

ADDRESSES = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}


def target(version: int) -> Endpoint:
    return Endpoint(ADDRESSES[version][1], 80)


@dataclass
class Line:
    """What passed the wire: packets with their times, numbered as they come."""

    version: int = 4
    packets: list[tuple[float, bytes, bool]] = field(default_factory=list)

    def attempt(self, dialogue: Dialogue) -> Attempt:
        """The attempt a dialogue was, its segments on this wire; a stranger's segment follows each time."""
        local, remote = ADDRESSES[self.version]
        flow = Flow(Endpoint(local, 40000 + len(self.packets)), Endpoint(remote, 80))
        conductor = dialogue.conductor
        attempt = Attempt(conductor.scenario, conductor, flow, done=True)
        events = conductor.transcript.events
        for index, seen in enumerate(events):
            event = events[index] = replace(seen, time=round(seen.time, 9))  # a file holds nanoseconds
            if isinstance(event, Seen):
                self.put(event.time, flow, event.segment, sent=event.to_peer)
                events[index] = replace(event, number=len(self.packets))
        self.put(events[-1].time, flow, Segment(Seq(1), Seq(2), ACK), sent=False)
        return attempt

    def put(self, time: float, flow: Flow, segment: Segment, *, sent: bool) -> bytes:
        packet = pack(flow if sent else flow.reversed(), segment)
        self.packets.append((time, packet, sent))
        return packet

    def own_kernel(self, attempt: Attempt) -> None:
        """Our own kernel resets the connection behind the tester's back."""
        time = attempt.conductor.transcript.events[-1].time
        self.put(time, attempt.flow, Segment(Seq(7), flags=RST), sent=True)
        attempt.conductor.transcript.foreign.append(Seen(time, True, Segment(Seq(7), flags=RST), len(self.packets)))

    def save(self, path: Path, comments: dict[int, list[str]], comment: str | None = None) -> None:
        with Recorder(path, section_comment("check", "rfc9293") if comment is None else comment) as recorder:
            for number, (time, packet, sent) in enumerate(self.packets, 1):
                recorder.add(packet, time, comments.get(number, ()), sent=sent)


def play(
    line: Line,
    scenarios: Sequence[Scenario],
    make: Callable[[Scenario], Peer],
    *,
    trigger: Trigger = TARGET,
    profile: str = "rfc9293",
    loses: Loses = kept,
    foreign: bool = False,
) -> Hearing:
    """Attempt after attempt at each exchange, until the jury has heard enough."""
    hearing = Hearing(target(line.version), list(scenarios))
    for scenario in scenarios:
        hearing.add(scenario)
        heard, attempts = hearing.opinions[scenario.id], hearing.attempts[scenario.id]
        while not heard_enough(heard):
            dialogue = Dialogue(scenario, make(scenario), trigger, profile, 0xFFFFFFFD + len(heard), loses)
            dialogue.run(limit=600.0)
            attempts.append(line.attempt(dialogue))
            if foreign:
                line.own_kernel(attempts[-1])
            heard.append(judge(case_of(attempts[-1])))
    return hearing


def comments(line: Line, hearing: Hearing) -> tuple[dict[int, list[str]], tuple[ExchangeResult, ...]]:
    """The comments a check writes, and the results it reports."""
    out: dict[int, list[str]] = {}
    for name, attempts in hearing.attempts.items():
        for number, (attempt, opinion) in enumerate(zip(attempts, hearing.opinions[name], strict=True), 1):
            out |= comments_of(attempt, opinion, number, attempt.conductor.setting.terms)
    results = hearing.results(interrupted=False)
    mark = RunMetadata(
        hearing.target,
        tuple(s.id for s in hearing.scenarios),
        {r.id: (str(r.verdict), tuple(f.rule for f in r.findings)) for r in results},
    )
    out.setdefault(len(line.packets), []).append(mark.text())
    return out, results


def waits(hearing: Hearing) -> int:
    """How many waits ended in all attempts."""
    attempts = [a for some in hearing.attempts.values() for a in some]
    return sum(isinstance(event, Quiet) for a in attempts for event in a.conductor.transcript.events)
