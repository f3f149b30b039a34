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


SILENT = {
    "RST": frozenset({("ESTABLISHED", "RST")}),
    "NULL": frozenset({("LISTEN", "NULL")}),
}
"""Where silence is due at some positions, or everywhere."""


@pytest.mark.parametrize("name", SILENT)
def test_a_silence_that_is_due_is_no_pass_behind_a_filter(name: str, private_net: None) -> None:
    """What nothing speaks for or against is asked of exchanges that are answered."""
    with Chain(rules={1: STATEFUL_HOST}) as chain:
        run = matrix(chain.start_target()[4], MatrixOptions(only=SILENT[name], seed=1, trigger="target"))
    outside = [c for c in run.cells if name == "NULL" or "-65536" in c.seq or "2^31" in c.seq]
    told = [(c.id, str(c.verdict), c.reason) for c in outside if c.why is not Why.PATH]
    assert outside
    assert told == []
