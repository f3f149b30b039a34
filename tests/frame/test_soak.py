"""What is remembered by shape equals what is worked out directly, and a streamed recording loses nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probe import scenarios
from probe.engine.belief.events import Seen, Transcript
from probe.engine.belief.tracker import Memory
from probe.engine.belief.watch import follow
from probe.engine.judge.attempt import Opinion, judge
from probe.engine.judge.by_shape import ShapeJudge
from probe.engine.judge.case import Case
from probe.engine.trial.attempt import Attempt
from probe.live.options import SoakOptions
from probe.live.soak import soak
from probe.recording.writing import RecordingStream, comments_of
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint, Flow
from probe.wire.errors import TargetError
from probe.wire.link import Arrival
from probe.wire.record import Recorder
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import silent
from tests.helpers.peer import Peer, closed_port
from tests.helpers.play import losing
from tests.helpers.unplain import UNPLAIN

RECALLS: dict[str, ShapeJudge] = {}
"""Kept over all examples, so that later ones meet what earlier ones left."""
ROWS = ["", "L4", "E3", "E6", "A1", "R2"]
REMOTE = Endpoint("192.0.2.2", 80)

talks = st.tuples(
    st.sampled_from(sorted(scenarios.ALL)),
    st.integers(0, 0xFFFFFFFF),
    st.booleans(),
    st.sampled_from([0.0, 0.0, 0.1]),
    st.integers(0, 5),
    st.sampled_from(ROWS),
)
Talk = tuple[str, int, bool, float, int, str]


def played(talk: Talk) -> Dialogue:
    name, iss, merges, loss, seed, row = talk
    scenario = scenarios.ALL[name]
    peer = closed_port() if scenario.port == "closed" else Peer(merges=merges, faults={row: silent} if row else {})
    dialogue = Dialogue(scenario, peer, iss=iss, loses=losing(loss, seed))
    dialogue.run(limit=600.0)
    return dialogue


def recalled(dialogue: Dialogue) -> Opinion:
    scenario = dialogue.conductor.scenario
    fresh = ShapeJudge(scenario, dialogue.belief, dialogue.terms, dialogue.trigger.obedient)
    by_shape = RECALLS.setdefault(scenario.id, fresh)
    return by_shape.opinion(dialogue.conductor.transcript, dialogue.conductor.watch)


@given(talks)
def test_a_remembered_verdict_is_the_direct_one(talk: Talk) -> None:
    dialogue = played(talk)
    transcript = dialogue.conductor.transcript
    case = Case(dialogue.conductor.scenario, transcript, dialogue.belief, dialogue.terms, dialogue.trigger.obedient)
    assert recalled(dialogue) == judge(case)


@pytest.mark.parametrize("changed", UNPLAIN)
def test_what_the_shape_does_not_show_is_judged_by_itself(changed: Callable[[Transcript], None]) -> None:
    first, second = (played(("close-by-us", iss, False, 0.0, 0, "")) for iss in (5, 6))
    plain = recalled(first)
    assert plain.word is Verdict.PASS
    transcript = second.conductor.transcript
    changed(transcript)
    found = recalled(second)
    assert second.conductor.watch.point is first.conductor.watch.point
    assert found != plain
    assert found == judge(Case(second.conductor.scenario, transcript, second.belief, second.terms, True))


def test_a_second_record_of_the_same_shape_is_looked_up() -> None:
    first, second = (recalled(played(("close-by-us", iss, True, 0.0, 0, ""))) for iss in (5, 0xFFFFFFFF))
    assert first.word is Verdict.PASS
    assert second is first


@given(talks)
def test_a_watch_that_shares_its_points_follows_like_a_fresh_one(talk: Talk) -> None:
    dialogue = played(talk)
    events = dialogue.conductor.transcript.events
    watch = dialogue.conductor.watch
    fresh = follow(events, dialogue.belief, dialogue.terms, Memory(), through=True, sends=watch.sends)
    assert [getattr(watch, name) for name in PARTS] == [getattr(fresh, name) for name in PARTS]
    assert [(p.sights, p.answers, p.last) for p in watch.points] == [
        (p.sights, p.answers, p.last) for p in fresh.points
    ]


PARTS = ("states", "belief", "before", "broken_at", "index", "settled")


@dataclass
class Noted(Recorder):
    """A recorder that keeps what it is given."""

    added: list[tuple[bytes, tuple[str, ...]]] = field(default_factory=list)
    count: int = 0

    def add(self, packet: bytes, time: float, comments: Sequence[str] = (), *, sent: bool | None = None) -> int:
        self.added.append((packet, tuple(comments)))
        return len(self.added)

    def flush(self) -> None:
        """Nothing is pending."""

    def close(self) -> None:
        """Nothing is open."""


def attempt_of(dialogue: Dialogue, first: int) -> Attempt:
    """As a loop leaves it: every segment seen is an arrival with its number."""
    flow = Flow(Endpoint("192.0.2.1", 40000 + first), REMOTE)
    attempt = Attempt(dialogue.conductor.scenario, dialogue.conductor, flow, done=True)
    for index, event in enumerate(dialogue.conductor.transcript.events):
        if isinstance(event, Seen):
            dialogue.conductor.transcript.events[index] = replace(event, number=first)
            first += 1
    return attempt


def arrivals_of(attempt: Attempt) -> list[Arrival]:
    """What the loop got; the octets of each are its number."""
    return [
        Arrival(e.time, attempt.flow, e.to_peer, e.to_peer, e.segment, e.number.to_bytes(8, "big"), e.number)
        for _, e in attempt.segments
    ]


@given(st.lists(talks, min_size=2, max_size=5))
@example([("active-bad-ack", 0, False, 0.0, 0, ""), ("abort-by-peer", 2**32 - 1, False, 0.0, 0, "")])  # a RST,ACK at 0
@example([("active-rst-bad-ack", 2**32 - 1, False, 0.0, 0, ""), ("abort-by-peer", 0, False, 0.0, 0, "")])  # and again
def test_streamed_comments_are_those_of_a_check(some: list[Talk]) -> None:
    recorder, arrivals, due = Noted(), deque[Arrival](), list[tuple[bytes, tuple[str, ...]]]()
    first = 1
    stream: RecordingStream | None = None
    for talk in some:
        dialogue = played((some[0][0], *talk[1:]))
        attempt = attempt_of(dialogue, first)
        first += len(attempt.segments)
        verdict = recalled(dialogue)
        stream = stream or RecordingStream(recorder, dialogue.terms)
        arrivals.extend(arrivals_of(attempt))
        stream.ended(attempt, verdict, 1)
        stream.write(arrivals, ())
        comments = comments_of(attempt, verdict, 1, dialogue.terms)
        due += [(arrival.packet, tuple(comments[arrival.number])) for arrival in arrivals_of(attempt)]
    assert recorder.added == due
    assert not arrivals


def test_packets_wait_for_the_exchange_in_progress_before_them() -> None:
    recorder = Noted()
    slow, fast = (attempt_of(played(("close-by-us", iss, False, 0.0, 0, "")), at) for iss, at in ((1, 1), (2, 101)))
    arrivals = deque([arrivals_of(slow)[0], *arrivals_of(fast)])
    stream = RecordingStream(recorder, fast.conductor.setting.terms)
    verdict = recalled(played(("close-by-us", 3, False, 0.0, 0, "")))
    stream.ended(fast, verdict, 1)
    stream.write(arrivals, {slow.flow.local.port})
    assert not recorder.added
    stream.write(arrivals, ())
    assert recorder.added[0] == (arrivals_of(slow)[0].packet, ())
    assert len(recorder.added) == 1 + len(fast.segments)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (SoakOptions(exchange="nonsense"), "there is no exchange 'nonsense'; `probe list` shows those there are"),
        (
            SoakOptions(exchange="close-by-peer", trigger="none"),
            "close-by-peer cannot be played: nothing was to make this peer close first",
        ),
    ],
)
def test_what_cannot_be_played_is_said_before_anything_is_sent(options: SoakOptions, sentence: str) -> None:
    with pytest.raises(TargetError, match=sentence):
        soak(Endpoint("127.0.0.1", 9), options)
