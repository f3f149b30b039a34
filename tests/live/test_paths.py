"""A healthy server on this kernel behind paths of every kind: nothing may be found, and most must still be judged."""

from __future__ import annotations

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from tests.helpers.breadth import TURNS, met
from tests.live.far import Holder
from tests.zoo.cases import PATHS
from tests.zoo.relay import joined

QUICK = ("5 % lost", "reordering", "numbers rewritten")


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", met(PATHS, QUICK))
def test_a_healthy_kernel_is_not_accused(name: str, turn: int, private_net: None) -> None:
    case = PATHS[name]
    with Holder() as far, joined(far.pid, case.wire(), mtu=case.mtu) as addresses:
        target = Endpoint(addresses[case.version], far.serve_target())
        run = check(target, CheckOptions(only=case.only, waits=case.waits))
    told = [(e.id, str(e.verdict), e.reason) for e in run.exchanges if e.verdict is not Verdict.PASS]
    accused = {e.id: [f.rule for f in e.findings] for e in run.exchanges if e.verdict is Verdict.FAIL}
    assert accused == {}, told
    assert sum(e.verdict is Verdict.PASS for e in run.exchanges) >= case.passes, told
