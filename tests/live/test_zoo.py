"""Stacks that conform in another way than Linux does, and servers of every temper: none of them may be accused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Run, Verdict
from tests.zoo.applications import Daytime, Discard, Echo, Http
from tests.zoo.connection import Application
from tests.zoo.traits import Traits
from tests.zoo.tun import PORT, serving

STACKS = {
    "plain": Traits(),
    "no options": Traits(timestamps=False, scale=None),
    "delayed ACKs": Traits(delayed_ack=0.2),
    "ISNs in steps": Traits(isn="steps"),
    "small segments": Traits(largest=200),
}
SERVERS: dict[str, tuple[Callable[[], Application], int]] = {  # and how many exchanges can be judged at the least
    "daytime": (Daytime, 50),
    "daytime after a line": (lambda: Daytime(after_line=True), 50),
    "closes at once": (lambda: Daytime(silent=True), 50),
    "never closes": (lambda: Discard(closes=False), 50),
    "echo": (Echo, 50),
    "HTTP": (Http, 75),
    "discard": (Discard, 50),
}
BRIEF = CheckOptions(waits=False)


def accusations(run: Run) -> list[tuple[str, Verdict, tuple[str, ...]]]:
    accused = (Verdict.FAIL, Verdict.WARN)
    return [(e.id, e.verdict, tuple(f.rule for f in e.findings)) for e in run.exchanges if e.verdict in accused]


def passes(run: Run) -> int:
    return sum(e.verdict is Verdict.PASS for e in run.exchanges)


@pytest.mark.parametrize(("name", "version"), [*((name, 4) for name in STACKS), ("plain", 6)])
def test_a_conforming_stack_passes(name: str, version: int) -> None:
    with serving(STACKS[name]) as endpoints:
        run = check(endpoints[version], BRIEF)
    assert accusations(run) == []
    assert passes(run) > 100


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_of_any_temper_is_not_accused(name: str) -> None:
    application, judged = SERVERS[name]
    with serving(ports={PORT: application}) as endpoints:
        run = check(endpoints[4], BRIEF)
    assert accusations(run) == []
    assert passes(run) >= judged


@pytest.mark.parametrize(("isn", "exchange"), [("zero", "isn-differs"), ("same", "isn-differs")])
def test_initial_numbers_that_never_change_are_a_finding(isn: str, exchange: str) -> None:
    with serving(Traits(isn=isn)) as endpoints:
        run = check(endpoints[4], CheckOptions(only=(exchange,)))
    assert accusations(run) == [(exchange, Verdict.FAIL, ("isn.differs",))]
