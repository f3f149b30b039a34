"""A matrix of few columns: what its own cells cannot decide about the path, exchanges beside them do."""

from __future__ import annotations

import pytest

from probe.live.matrix import matrix
from probe.live.options import MatrixOptions
from probe.results.verdict import Verdict, Why
from tests.helpers.paths import STATEFUL_HOST, Chain
from tests.live.far import Far

pytestmark = pytest.mark.timeout(200)

COLUMNS = {
    "FIN": frozenset({("ESTABLISHED", "FIN")}),
    "SYN+FIN": frozenset({("LISTEN", "SYN+FIN")}),
    "NULL": frozenset({(state, "NULL") for state in ("ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2")}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_peer_that_is_silent_to_one_kind_is_no_filter(name: str, private_net: None) -> None:
    """Linux drops such flags itself; nothing stands between."""
    with Far() as far:
        run = matrix(far.start_target()[4], MatrixOptions(only=COLUMNS[name], seed=1, trigger="target"))
    told = [(c.id, str(c.verdict), c.reason) for c in run.cells if c.why]
    assert told == []
    assert {c.verdict for c in run.cells} & {Verdict.WARN, Verdict.FAIL}


@pytest.mark.parametrize("name", COLUMNS)
def test_behind_a_filter_nobody_is_accused_of_its_silence(name: str, private_net: None) -> None:
    with Chain(rules={1: STATEFUL_HOST}) as chain:
        run = matrix(chain.start_target()[4], MatrixOptions(only=COLUMNS[name], seed=1, trigger="target"))
    odd = [(c.id, str(c.verdict), c.reason) for c in run.cells if c.verdict not in (Verdict.PASS, Verdict.SKIP)]
    assert odd == []
    assert {c.why for c in run.cells if c.verdict is Verdict.SKIP} == {Why.PATH}
