"""A re-enactment: both exchanges side by side where there is room, else one below the other."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from probe.reports.builders import reenact
from probe.reports.formats.text import Style
from probe.results.verdict import Captured, Departure, Verdict
from tests.reports.records import HANDSHAKE, UNANSWERED, exchange, report, run
from tests.reports.rendering import as_text

DATA = tuple(Captured(n, n / 100, "<", f"P. seq {n} ack 1 len 1", plain=True) for n in range(4, 20))
CAPTURE = (
    Captured(1, 0.0, ">", "S seq 0", 0),
    Captured(2, 0.01, "<", "S. seq 0 ack 1", 1),
    Captured(3, 0.02, ">", ". seq 1 ack 1", 2, plain=True),
    *DATA,
)
PARTED = (Departure(2, "S. seq 0 ack 1", "S. seq 0 ack 2"),)


def text(width: int, *, brief: bool = False, verdict: Verdict = Verdict.PASS) -> str:
    findings = (UNANSWERED,) if verdict is Verdict.FAIL else ()
    one = exchange("replay-live", verdict, captured=CAPTURE, departures=PARTED, findings=findings, steps=HANDSHAKE[:3])
    told = reenact.document(report(run(replace(one, target="192.0.2.1:80")), command="replay"))
    return as_text(told, Style(width, brief=brief))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_the_terminal(width: int) -> None:
    assert max(map(len, text(width, verdict=Verdict.FAIL).splitlines()[:-1])) <= width


def test_in_a_wide_terminal_both_stand_side_by_side() -> None:
    lines = text(120).splitlines()
    (syn,) = (line for line in lines if line.count("S seq 0 ") == 2)
    assert syn.endswith("CLOSED, LISTEN or SYN-RECEIVED")
    assert any("11 lines of data and acknowledgments" in line for line in lines)


def test_in_a_narrow_one_the_live_segment_stands_below_the_captured_one() -> None:
    lines = text(60).splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith("captured"))
    assert re.match(r" +1 +0\.00 +-+ S seq 0 -+> +captured$", lines[at])
    assert re.match(r" +0\.00 +-+ S seq 0 -+> +live$", lines[at + 1])


def test_departures_and_findings_are_told_even_if_brief() -> None:
    told = text(100, brief=True, verdict=Verdict.FAIL)
    assert "step 2: captured S. seq 0 ack 1, live S. seq 0 ack 2" in told
    assert "FAIL replay-live: close.fin-acked" in told
    assert "-->" not in told
