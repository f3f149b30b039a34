"""The rules about time: gaps between copies, acknowledgments under half a second, and when they count as shown."""

from __future__ import annotations

import pytest

from probe.engine.belief.events import Transcript
from probe.engine.belief.tracker import UNKNOWN_PORT, Terms
from probe.engine.belief.watch import follow
from probe.engine.judge.timers import judge_delayed_acks, judge_keepalives, judge_repeats, kept_gaps, prompt_acks
from probe.scenarios.steps import Repeats
from tests.helpers.record import MEMORY, back, record, sent

SYN_ACKS = Repeats("S.", growth_rule="synack.backoff", first_rule="synack.initial-rto")


@pytest.mark.parametrize(
    ("times", "late", "kept"),
    [
        ((0.0,), [], []),
        ((0.0, 1.0), [], ["synack.initial-rto"]),
        ((0.0, 1.0, 3.0), [], ["synack.initial-rto", "synack.backoff"]),
        ((0.0, 0.96, 2.9), [], ["synack.initial-rto", "synack.backoff"]),
        ((0.0, 0.3, 0.9), ["synack.initial-rto"], ["synack.backoff"]),
        ((0.0, 1.0, 2.0), ["synack.backoff"], ["synack.initial-rto"]),
        ((0.0, 3.0, 4.0), ["synack.backoff"], ["synack.initial-rto"]),
        ((0.0, 0.2, 0.4), ["synack.initial-rto", "synack.backoff"], []),
    ],
)
def test_gaps_between_copies(times: tuple[float, ...], late: list[str], kept: list[str]) -> None:
    copies = [back("S.", 0, 1)] * len(times)
    transcript = Transcript(record(sent("S", 0), *copies, at={i + 1: t for i, t in enumerate(times)}))
    assert [item.rule for item in judge_repeats(transcript, SYN_ACKS)] == late
    assert list(kept_gaps(transcript, SYN_ACKS)) == kept


@pytest.mark.parametrize(("waited", "slack", "late"), [(0.49, 0.0, False), (0.55, 0.1, False), (0.7, 0.1, True)])
@pytest.mark.parametrize(
    ("flags", "length", "rule"), [("P.", 10, "ack.under-half-second"), ("F.", 0, "ack.fin-prompt")]
)
def test_delayed_acks(flags: str, length: int, rule: str, waited: float, slack: float, late: bool) -> None:
    asked = (sent("S", 0), back("S.", 0, 1), sent(".", 1, 1), sent(flags, 1, 1, length))
    events = record(*asked, back(".", 1, 1 + (length or 1)), at={3: 5.0, 4: 5.0 + waited})
    transcript = Transcript(events)
    watch = follow(events, UNKNOWN_PORT, Terms(), MEMORY)
    found = judge_delayed_acks(transcript, watch, slack)
    assert [item.rule for item in found] == ([rule] if late else [])
    assert list(prompt_acks(transcript, watch, 0.0)) == ([rule] if waited <= 0.5 else [])
    for item in found:
        assert item.came == "an ACK after 0.70 s"
        assert item.events == (3, 4)


@pytest.mark.parametrize(
    ("times", "early"), [((9.0, 9.01, 9.2), True), ((9.0, 9.01, 10.0), False), ((9.0, 9.3, 9.2), False)]
)
def test_keepalives_back_to_back(times: tuple[float, float, float], early: bool) -> None:
    """3.8.4: only where "no data or acknowledgment packets have been received ... within an interval" (MUST-26)."""
    probes = [(times[0], back(".", 0, 1)), (times[1], sent(".", 1, 1)), (times[2], back(".", 0, 1))]
    probes.sort(key=lambda probe: probe[0])
    opened = (sent("S", 0), back("S.", 0, 1), sent(".", 1, 1))
    events = record(*opened, *(event for _, event in probes), at={3 + i: time for i, (time, _) in enumerate(probes)})
    watch = follow(events, UNKNOWN_PORT, Terms(), MEMORY)
    found = judge_keepalives(Transcript(events), watch)
    assert [item.rule for item in found] == (["seg.keepalive-idle"] if early else [])
