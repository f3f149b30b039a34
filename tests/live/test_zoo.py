"""Stacks that conform in another way than Linux does, servers of every temper, faults, paths: each gets its verdict.

``PROBE_COUNT=20`` repeats every case; ``tests/zoo/cases.py`` is the table.
"""

from __future__ import annotations

import os
import time

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Run, Verdict
from tests.zoo.cases import ALL
from tests.zoo.tun import PORT, serving

COUNT = int(os.environ.get("PROBE_COUNT", "1"))
PENDING = {
    "silent to all unacceptable": "a question this peer answers: calibration; one finding for the silence",
    "one answer in 500 ms": "the peer's limit of answers belongs to the belief about it",
    "one answer a second": "the peer's limit of answers belongs to the belief about it",
    "one answer in 500 ms of the host": "the peer's limit of answers belongs to the belief about it",
    "ACK before text": "a due ACK may have gone out already",
    "text after the FIN that follows it": "two segments of the peer may come in either order",
    "answers after 150 ms": "nothing is sent while answers may be in flight; learned waits",
    "every ACK twice": "a copy of an ACK is no difference",
    "deferred accept": "a hypothesis of the path: text is sent first",
    "SYN,ACK and FIN again after 6 s": "learned waits: never is not said before three intervals",
    "our first SYN lost": "our SYN is sent again; what came is judged",
    "chargen": "a server that sends without end: under a minute",
    "ACKs after 1 s": "learned waits: the late ACK is delayed-ack's finding, and nobody else's",
    "RST for FIN": "naming: what was broken first",
    "hangs at an illegal option": "a death is the finding of the exchange that caused it",
    "aborts at an illegal option": "a death is the finding of the exchange that caused it",
    "hangs at a full segment": "what was shown stays shown",
    "duplication": "copies on the path are a hypothesis, measured",
    "black hole at 576": "the tester keeps the peer's MSS and the path's MTU",
}
"""What does not hold yet, and the mechanism that is missing."""
ENDLESS = {"chargen"}
"""What would not end in time: not run until then."""
_ACCUSED = (Verdict.FAIL, Verdict.WARN)


def found(run: Run) -> dict[str, set[str]]:
    """Exchange -> rules, of every exchange that accuses."""
    return {e.id: {f.rule for f in e.findings} for e in run.exchanges if e.verdict in _ACCUSED}


@pytest.mark.parametrize("turn", range(COUNT))
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[pytest.mark.xfail(strict=True, reason=PENDING[n], run=n not in ENDLESS)])
        if n in PENDING
        else n
        for n in ALL
    ],
)
def test_each_peer_gets_its_verdict(name: str, turn: int) -> None:
    case = ALL[name]
    began = time.monotonic()
    with serving(case.traits, {PORT: case.application}, case.wire(), mtu=case.mtu) as endpoints:
        run = check(endpoints[case.version], CheckOptions(only=case.only, waits=case.waits))
    took = time.monotonic() - began
    told = [(e.id, str(e.verdict), e.reason) for e in run.exchanges if e.verdict is not Verdict.PASS]
    assert found(run) == {name: set(rules) for name, rules in case.findings.items()}, told
    assert sum(e.verdict is Verdict.PASS for e in run.exchanges) >= case.passes, told
    assert took <= case.seconds
