"""What a fleet tells, and in which order; the processes themselves are met in ``tests/live/test_fleet.py``."""

from __future__ import annotations

from probe.live.fleet import Fleet
from probe.live.worker import Event, Failed, Job
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
