"""A second stack as the peer: lwIP 2.1, whose faults nobody planted and whose code shares nothing with the kernel's.

Every deviation was looked at in the recording (tshark) and in lwIP's source, and is one by the text of RFC 9293.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from probe.live.check import check
from probe.live.matrix import matrix
from probe.live.options import CheckOptions, MatrixOptions
from probe.results.verdict import Verdict
from probe.spec.segment import KINDS
from probe.spec.states import State
from tests.live.test_matrix import told
from tests.lwip.stack import Lwip, version

FOUND = {
    # tcp_timewait_input acknowledges only what occupies sequence space; 3.10.7.4 first: any unacceptable segment.
    "simultaneous-close": "timewait.old-segment-acked",
    # tcp_process, SYN_RCVD: only the SYN of this connection is answered; 3.10.7.4 first: one outside draws an ACK.
    "old-syn-syn-received": "open.syn-out-of-window-synrcvd",
    # tcp_input counts one octet for SYN and FIN together; 3.4: SEG.LEN counts both, 3.10.7.1: the RST acknowledges it.
    "closed-no-ack": "closed.seglen-counts",
    # tcp_receive looks at the ACK bit for the ACK field alone and takes the text; 3.10.7.4 fifth: drop the segment.
    "data-without-ack": "seg.no-ack-bit-dropped",
    # The same with a FIN.
    "fin-without-ack": "close.fin-without-ack-dropped",
}

_LATER = {"CLOSING", "LAST-ACK"}
_OPEN = {"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"}

CELLS = {  # rule -> states; tests/live/README.md, and 3.10.7.4 where nothing else is said
    "closed.seglen-counts": {"CLOSED"},  # tcp_input, as above
    # tcp_process, SYN_RCVD: without ACK only the SYN of this connection is answered, the window is not looked at.
    "open.new-syn-in-window-synrcvd": {"SYN-RECEIVED"},
    "open.syn-out-of-window-synrcvd": {"SYN-RECEIVED"},
    "open.seq-out-of-window-acked": {"SYN-RECEIVED"},
    # tcp_process: TCP_SEQ_BETWEEN takes RCV.NXT+RCV.WND for inside, and a RST there is challenged.
    "open.rst-out-of-window-ignored": {"SYN-RECEIVED"},
    "rst.out-of-window-dropped": _OPEN | _LATER,
    # Once text came, rcv_wnd reaches further than what was announced (rcv_ann_wnd); 3.8.6.2.2: RCV.WND is announced.
    "seg.out-of-window-acked": {"FIN-WAIT-1", "FIN-WAIT-2"} | _LATER,
    "close.fin-out-of-window": _LATER,
    # tcp_receive answers a wrong ACK field, and goes on with the text; behind a FIN, where nothing is taken any more,
    # it answers whatever starts left of RCV.NXT, be its end acceptable and the ACK bit missing.
    "seg.ack-of-unsent": _OPEN | _LATER,
    "seg.no-ack-bit-dropped": _OPEN | _LATER | {"TIME-WAIT"},
    "close.fin-without-ack-dropped": _LATER | {"TIME-WAIT"},
    "close.lastack-wrong-ack": {"LAST-ACK"},
    # tcp_process, LAST_ACK: the ACK of the FIN counts wherever the segment lies.
    "seg.below-window-empty": {"LAST-ACK"},
    "close.fin-retransmit-reacked": {"LAST-ACK"},
    # tcp_timewait_input: a SYN in the window is answered by a RST, and TIME-WAIT stays; fourth: CLOSED, or an ACK.
    "synsync.closing-states": {"TIME-WAIT"},
    "timewait.syn-newer-seq": {"TIME-WAIT"},
    "timewait.old-segment-acked": {"TIME-WAIT"},
}
# tcp_receive trims what starts left of RCV.NXT; one number exactly half the space away passes the test for that, and
# an assertion ("insane offset!") ends the stack. These columns send it.
FATAL = {("SYN-RECEIVED", "SYN+ACK"), ("SYN-RECEIVED", "FIN+ACK")} | set(itertools.product(_OPEN, ("FIN", "FIN+ACK")))
BESIDE = frozenset(itertools.product((state.value for state in State), KINDS)) - FATAL
MANY = 200
"""lwIP bounds no backlog: so many connections at a time do it no harm."""


@pytest.fixture
def lwip(private_net: None) -> Iterator[Lwip]:
    if not version().startswith("2.1."):
        pytest.xfail(f"lwIP {version()} is here: what 2.1 does was pinned")
    with Lwip() as peer:
        yield peer


@pytest.mark.parametrize("version", [4, 6])
def test_exactly_its_deviations_are_found(lwip: Lwip, version: int) -> None:
    run = check(lwip.endpoints[version], CheckOptions(waits=False, parallel=MANY))
    assert not lwip.ended
    departed = [e for e in run.exchanges if e.verdict not in {Verdict.PASS, Verdict.SKIP}]
    assert {e.id: [f.rule for f in e.findings] for e in departed} == {name: [rule] for name, rule in FOUND.items()}
    assert {e.verdict for e in departed} == {Verdict.FAIL}
    assert all("probe target" in e.reason for e in run.exchanges if e.verdict is Verdict.SKIP)


def test_its_fin_comes_again_with_the_text_that_was_acknowledged(lwip: Lwip) -> None:
    """3.10.7.4 fifth: what is not acknowledged entirely stays on the queue; lwIP sends the whole segment again."""
    (exchange,) = check(lwip.endpoints[4], CheckOptions(only=("closing-fin-again",))).exchanges
    assert (exchange.verdict, exchange.findings) == (Verdict.PASS, ())


def test_exactly_its_cells_depart(lwip: Lwip) -> None:
    run = matrix(lwip.endpoints[4], MatrixOptions(only=BESIDE, parallel=MANY))
    assert not lwip.ended
    assert told(run.cells, Verdict.INCONCLUSIVE) == []
    departed: dict[str, set[str]] = {}
    for cell in run.cells:
        if cell.verdict in {Verdict.FAIL, Verdict.WARN}:
            departed.setdefault(cell.rule, set()).add(cell.state)
    assert departed == CELLS
    skipped = {c.state for c in run.cells if c.verdict is Verdict.SKIP}
    assert skipped == {"SYN-SENT", "CLOSE-WAIT"}


def test_a_stack_that_goes_down_is_not_accused_of_silence(lwip: Lwip) -> None:
    """One FIN half the sequence space away, and lwIP aborts: told is where the peer fell silent, judged nothing."""
    run = matrix(lwip.endpoints[4], MatrixOptions(only=frozenset({("ESTABLISHED", "FIN")}), parallel=1, patience=0.3))
    assert lwip.ended
    assert told(run.cells, Verdict.FAIL, Verdict.WARN) == []
    assert [w for w in run.warnings if "fell silent" in w and "established-plain:FIN:RCV.NXT+2^31" in w], run.warnings
