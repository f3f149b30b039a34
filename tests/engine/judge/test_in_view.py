"""What an exchange shows in view of the path: behind a relay the application's abort is the relay's close."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe import scenarios
from probe.engine.judge.attempt import judge
from probe.engine.judge.in_view import in_view_of
from probe.engine.judge.jury import settle
from probe.engine.trial.attempt import Attempt, case_of
from probe.results.path import Loss, Path, Standing, Suspect, Suspicion
from probe.results.verdict import Verdict, Why
from probe.spec.segment import Flow
from tests.engine.path.test_evidence import HERE, THERE, Behind, nothing
from tests.helpers.faults import fin_for_rst
from tests.helpers.peer import Peer


@pytest.mark.parametrize("standing", [Standing.ACCEPTED, Standing.REFUSED])
def test_an_abort_behind_a_relay_is_nobodys(standing: Standing) -> None:
    scenario, peer = scenarios.ALL["abort-by-peer"], Peer()
    peer.faults = {"ABORT": fin_for_rst}
    talk = Behind(scenario, peer, nothing(), 1000)
    talk.run()
    case = case_of(Attempt(scenario, talk.conductor, Flow(HERE, THERE)))
    case = replace(case, obedient=True)
    path = Path(Loss(1000), (Suspicion(Suspect.NO_WAY_BACK, standing, 5),))
    opinion = judge(case)
    assert opinion.findings
    found = settle([in_view_of(path, opinion, case)] * 3, path)
    if standing is Standing.ACCEPTED:
        assert (found.word, found.why) == (Verdict.SKIP, Why.PATH)
    else:
        assert found.word is Verdict.FAIL
