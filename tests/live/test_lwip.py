"""A second stack as the peer: lwIP 2.1, whose faults nobody planted and whose code shares nothing with the kernel's.

Every deviation (``tests/live/found.json``) was looked at in the recording (tshark) and in lwIP's source, and is one
by the text of RFC 9293.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from probe.live.check import check
from probe.live.matrix import matrix
from probe.live.options import CheckOptions, MatrixOptions
from probe.results.verdict import Verdict
from tests.live.found import cells_of_lwip, in_check, in_matrix, known, of_lwip, places
from tests.live.test_matrix import told
from tests.lwip.stack import Lwip, version


@pytest.fixture
def lwip(private_net: None) -> Iterator[Lwip]:
    if not version().startswith("2.1."):
        pytest.xfail(f"lwIP {version()} is here: what 2.1 does was pinned")
    with Lwip() as peer:
        yield peer


@pytest.mark.parametrize("version", [4, 6])
def test_exactly_its_deviations_are_found(lwip: Lwip, version: int) -> None:
    run = of_lwip(lwip, version)
    assert not lwip.ended
    assert in_check(run.exchanges) == known("lwIP")
    lacking = {e.reason for e in run.exchanges if e.verdict is Verdict.SKIP and "probe target" not in e.reason}
    assert all("timestamps" in reason for reason in lacking), lacking  # lwIP as it is built here takes none up


def test_its_fin_comes_again_with_the_text_that_was_acknowledged(lwip: Lwip) -> None:
    """3.10.7.4 fifth: what is not acknowledged entirely stays on the queue; lwIP sends the whole segment again."""
    (exchange,) = check(lwip.endpoints[4], CheckOptions(only=("closing-fin-again",))).exchanges
    assert (exchange.verdict, exchange.findings) == (Verdict.PASS, ())


def test_exactly_its_cells_depart(lwip: Lwip) -> None:
    run = cells_of_lwip(lwip)
    assert not lwip.ended
    assert told(run.cells, Verdict.INCONCLUSIVE) == []
    assert in_matrix(run) == places("lwIP, matrix")
    skipped = {c.state for c in run.cells if c.verdict is Verdict.SKIP}
    assert skipped == {"SYN-SENT", "CLOSE-WAIT"}


def test_a_stack_that_goes_down_is_not_accused_of_silence(lwip: Lwip) -> None:
    """One FIN half the sequence space away, and lwIP aborts: told once, where it fell silent, beside what it showed."""
    run = matrix(lwip.endpoints[4], MatrixOptions(only=frozenset({("ESTABLISHED", "FIN")}), parallel=1, patience=0.3))
    assert lwip.ended
    (death,) = (c for c in run.cells if c.rule == "stack.survives")
    assert (death.id, death.verdict) == ("established-plain:FIN:RCV.NXT+2^31:none", Verdict.FAIL)
    assert "without answer" in death.came
    accused = [c for c in run.cells if c.verdict in (Verdict.FAIL, Verdict.WARN) and c is not death]
    assert {c.rule for c in accused} == {"close.fin-without-ack-dropped"}
    assert all(not c.came.startswith("nothing") for c in accused)
    assert [w for w in run.warnings if death.id in w], run.warnings
