"""What a fleet tells, and in which order; the processes themselves are met in ``tests/live/test_fleet.py``."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from probe.live import check
from probe.live.fleet import Fleet
from probe.live.options import CheckOptions
from probe.live.worker import Event, Failed, Found, Job
from probe.results.answers import Summary
from probe.results.verdict import Run
from probe.spec.segment import Endpoint
from probe.wire.errors import WireError


def job(number: int) -> Job:
    return Job(number, Endpoint("192.0.2.1", 80 + number))


def told_of(*ended: int, ordered: bool) -> list[int]:
    """The numbers of four jobs in the order they are told of, where they end in the order given."""
    heard: list[Event] = []
    lanes = [[job(number)] for number in range(4)]
    fleet = Fleet(lanes, 4, heard.append, ordered=ordered)
    for number in ended:
        fleet._waiting.remove(lanes[number])
        fleet._final(Failed(job(number), WireError("")))
    return [event.job.number for event in heard if isinstance(event, Failed)]


def test_results_are_told_as_they_come() -> None:
    assert told_of(2, 0, 3, 1, ordered=False) == [2, 0, 3, 1]


def test_ordered_each_waits_for_those_before_it() -> None:
    assert told_of(2, ordered=True) == []
    assert told_of(2, 0, ordered=True) == [0]
    assert told_of(2, 0, 3, 1, ordered=True) == [0, 1, 2, 3]


def test_a_signal_that_comes_while_results_are_made_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def checked(target: Endpoint, options: CheckOptions) -> Run:
        os.kill(os.getpid(), signal.SIGTERM)
        return Run(str(target), target.version, Summary(), ())

    monkeypatch.setattr(check, "check", checked)
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # only a fork takes what was put in place of the check
    heard: list[Event] = []
    Fleet([[job(0)]], 1, heard.append).run()
    assert [event.run.target for event in heard if isinstance(event, Found)] == ["192.0.2.1:80"]
