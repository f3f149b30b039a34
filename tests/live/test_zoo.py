"""Stacks that conform in another way than Linux does, servers of every temper, faults, paths: each gets its verdict.

``tests/zoo/cases.py`` is the table. ``make test`` meets what is quick; ``make zoo`` all, each ``PROBE_COUNT`` times.
"""

from __future__ import annotations

import time

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Run, Verdict
from tests.helpers.breadth import TURNS, met
from tests.zoo.cases import ALL, QUICK
from tests.zoo.tun import PORT, serving


def found(run: Run, *words: Verdict) -> dict[str, set[str]]:
    """Exchange -> rules, of every exchange with one of these verdicts."""
    return {e.id: {f.rule for f in e.findings} for e in run.exchanges if e.verdict in words}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", met(ALL, QUICK))
def test_each_peer_gets_its_verdict(name: str, turn: int) -> None:
    case = ALL[name]
    began = time.monotonic()
    with serving(case.traits, {PORT: case.application}, case.wire(), mtu=case.mtu) as endpoints:
        run = check(endpoints[case.version], CheckOptions(only=case.only, waits=case.waits))
    took = time.monotonic() - began
    told = [(e.id, str(e.verdict), e.reason) for e in run.exchanges if e.verdict is not Verdict.PASS]
    words = (Verdict.FAIL,) if case.warned else (Verdict.FAIL, Verdict.WARN)
    assert found(run, *words) == {name: set(rules) for name, rules in case.findings.items()}, told
    assert sum(e.verdict is Verdict.PASS for e in run.exchanges) >= case.passes, told
    assert case.doubted or not found(run, Verdict.INCONCLUSIVE), told
    assert took <= case.seconds
