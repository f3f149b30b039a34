"""The loop on an invented line: ending an attempt before its time."""

from __future__ import annotations

import math
import time

import pytest

from probe import scenarios
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.habits import Habits
from probe.engine.trial.attempt import Attempt
from probe.live.loop import Loop
from probe.live.options import CheckOptions
from probe.spec.segment import RST, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.link import Arrival
from probe.wire.sockdiag import KernelTable


class Echo:
    """A line to nobody: what is sent is seen, nothing answers."""

    def __init__(self) -> None:
        self.sent: list[tuple[Flow, Segment]] = []
        self.unread: list[Arrival] = []
        self.lost = 0

    def send(self, flow: Flow, segment: Segment) -> None:
        self.sent.append((flow, segment))
        self.unread.append(Arrival(time.time(), flow, True, True, segment, b"", len(self.sent)))

    def receive(self, until: float) -> list[Arrival]:
        found, self.unread = self.unread, []
        return found

    def dropped(self) -> int:
        return self.lost

    def close(self) -> None:
        """Nothing to close."""


def attempt(port: int, patience: float) -> Attempt:
    scenario = scenarios.ALL["open"]
    flow = Flow(Endpoint("192.0.2.1", port), Endpoint("192.0.2.2", 80))
    return Attempt(scenario, Conductor(scenario, Setting(Seq(port), habits=Habits(patience))), flow)


def test_an_attempt_that_is_stopped_is_reset_and_handed_out() -> None:
    line = Echo()
    loop = Loop(line)
    todo = [attempt(1, patience=0.0), attempt(2, patience=3600.0)]
    ended: list[int] = []

    def finished(over: Attempt) -> None:
        ended.append(over.flow.local.port)
        loop.stop(lambda other: other.flow.local.port == 2)

    loop.run(lambda: todo.pop(0) if todo else None, finished, 2)
    assert ended == [1, 2]
    first, *rest = [s.flags for flow, s in line.sent if flow.local.port == 2]
    assert (first, set(rest)) == (SYN, {RST})


def test_what_our_own_buffer_lost_is_noted_with_those_in_progress() -> None:
    """Not with those before and after it: a storm at the start of a run voids nothing that is played later."""
    line = Echo()
    line.lost = 688
    kept = [attempt(port, patience=0.0) for port in (1, 2, 3)]
    todo = list(kept)
    losing = {2: 5, 3: 7}
    """Port of an attempt -> what is lost between its SYN and the next look at the line."""

    def send(flow: Flow, segment: Segment) -> None:
        line.lost += losing.pop(flow.local.port, 0)
        Echo.send(line, flow, segment)

    line.send = send  # type: ignore[method-assign]
    Loop(line).run(lambda: todo.pop(0) if todo else None, lambda _: None, 1)
    assert [one.conductor.transcript.dropped for one in kept] == [0, 5, 7]


class Says(KernelTable):
    """A kernel that always says the same."""

    def __init__(self, state: str) -> None:
        self.said = state

    def state(self, local: Endpoint, remote: Endpoint) -> str | None:
        return self.said


@pytest.mark.parametrize(("said", "noted"), [("SYN-RECEIVED", {"SYN-RECEIVED"}), ("LAST-ACK", set())])
def test_a_state_after_close_is_noted_once_the_fin_was_seen(said: str, noted: set[str]) -> None:
    """A kernel is in LAST-ACK from the call on; its FIN may wait for room in the congestion window."""
    todo = [attempt(1, patience=0.0)]
    kept = list(todo)
    Loop(Echo(), Says(said)).run(lambda: todo.pop() if todo else None, lambda _: None, 1)
    assert set(kept[0].kernel.values()) == noted


@pytest.mark.parametrize("patience", [math.nan, math.inf, -1.0])
def test_a_patience_that_never_ends_is_refused(patience: float) -> None:
    with pytest.raises(ValueError, match="patience is a finite number of seconds"):
        CheckOptions(patience=patience)


def test_a_syn_that_came_before_anybody_was_ready_belongs_to_its_connection() -> None:
    """Else a repetition stands for the first SYN, and the interval judged is not the first."""
    here = Endpoint("192.0.2.1", 80)
    line, kept = Echo(), [waiting(here, 1), waiting(here, 2)]
    todo = list(kept)

    def comes(client: int) -> None:
        flow = Flow(here, Endpoint("192.0.2.2", client))
        line.unread.append(Arrival(time.time(), flow, False, False, Segment(Seq(7), flags=SYN), b"\0" * 20, 1))

    def supply() -> Attempt | None:
        if not todo:
            return None
        for client in (1003, 1004) if len(todo) == len(kept) else (1004,):
            comes(client)
        return todo.pop(0)

    Loop(line).run(supply, lambda _: None, 1)
    syns = [[e for _, e in one.segments if e.segment.flags == SYN] for one in kept]
    assert [(one.flow.remote.port, len(came)) for one, came in zip(kept, syns, strict=True)] == [(1003, 1), (1004, 2)]


def waiting(here: Endpoint, number: int) -> Attempt:
    """One that waits for a connection."""
    scenario = scenarios.ALL["active-open"]
    conductor = Conductor(scenario, Setting(Seq(number), habits=Habits(0.0), coming=9.0))
    return Attempt(scenario, conductor, Flow(here, Endpoint("0.0.0.0", number)))


def test_check_stays_a_function_whoever_imported_what() -> None:
    from probe import session
    from probe.cli.run import check as checking

    assert callable(checking.check)
    assert callable(session.check)
