"""The kernel as the opener: it is asked to connect, we answer with crafted segments, its own table agrees."""

from __future__ import annotations

import pytest

from probe import scenarios
from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from tests.live.test_check import DEPARTS

OPENED_BY_PEER = tuple(s.id for s in scenarios.ALL.values() if s.opens == "peer")


@pytest.mark.parametrize("version", [4, 6])
def test_every_exchange_that_the_peer_opens_is_judged(target: dict[int, Endpoint], version: int) -> None:
    run = check(target[version], CheckOptions(only=OPENED_BY_PEER))
    found = {result.id: result for result in run.exchanges}
    assert set(found) == set(OPENED_BY_PEER)
    assert {name for name, result in found.items() if result.verdict is not Verdict.PASS} <= DEPARTS.keys()
    for result in found.values():
        assert result.verdict in {Verdict.PASS, Verdict.WARN}
        for step in result.steps:
            assert step.kernel_state is None or step.kernel_state in step.peer_states


@pytest.mark.parametrize("version", [4, 6])
def test_both_ends_open_at_once(target: dict[int, Endpoint], version: int) -> None:
    (result,) = check(target[version], CheckOptions(only=("simultaneous-open",))).exchanges
    assert {"simopen.syn-in-synsent", "simopen.completes"} <= set(result.rules)
    states = [step.peer_states for step in result.steps]
    assert ("SYN-SENT",) in states
    assert ("SYN-RECEIVED",) in states
    assert ("ESTABLISHED",) in states
