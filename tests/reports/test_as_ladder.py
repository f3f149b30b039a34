"""The ladder: every segment with its time, its direction and what it told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.reports.builders import check
from probe.reports.formats import ladders
from probe.reports.paint import Paint
from probe.reports.wording import states_text
from probe.results.verdict import ExchangeResult, Verdict
from probe.spec.states import State
from tests.reports.records import HANDSHAKE, UNANSWERED, exchange


def ladder(result: ExchangeResult, width: int = 120) -> str:
    return "\n".join(ladders.ladder(check.ladder(result), width, Paint()))


def test_each_segment_has_a_rung_with_time_arrow_and_states() -> None:
    lines = ladder(exchange()).splitlines()
    assert len(lines) == 3 + len(HANDSHAKE)
    syn, synack = lines[3], lines[4]
    assert "0.00" in syn
    assert syn.index("S seq 0") < syn.index("->")
    assert "1.00" in synack
    assert "<-" in synack
    assert synack.endswith("SYN-RECEIVED (due by L4)")


def test_the_kernels_word_stands_beside_ours() -> None:
    steps = (*HANDSHAKE[:3], replace(HANDSHAKE[3], kernel_state="ESTABLISHED"))
    lines = ladder(exchange(steps=steps)).splitlines()
    assert "its kernel" in lines[2]
    assert lines[-1].count("ESTABLISHED") == 2


def test_the_packets_of_a_finding_are_marked() -> None:
    text = ladder(exchange(verdict=Verdict.FAIL, findings=(UNANSWERED,)))
    assert text.count("^ close.fin-acked") == 2


def test_without_segments_it_says_so() -> None:
    text = ladder(exchange(verdict=Verdict.SKIP, steps=(), reason="no trigger"))
    assert text.endswith("no segment was exchanged: no trigger")


@pytest.mark.parametrize("width", [60, 72, 80, 120])
def test_it_keeps_to_the_width(width: int) -> None:
    crowded = replace(HANDSHAKE[0], peer_states=("SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"))
    lines = ladder(exchange(steps=(crowded, *HANDSHAKE)), width).splitlines()
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ((), "unknown"),
        (("CLOSED",), "CLOSED"),
        (("CLOSED", "LISTEN"), "CLOSED or LISTEN"),
        (("CLOSED", "LISTEN", "CLOSING"), "CLOSED, LISTEN or CLOSING"),
        (tuple(s.value for s in State)[:6], "CLOSED, LISTEN, SYN-SENT or 3 more"),
        (tuple(s.value for s in State), "any state"),
    ],
)
def test_state_sets_are_abbreviated(states: tuple[str, ...], text: str) -> None:
    assert states_text(states) == text
