"""A correct peer behind what no model was written for, or was written from another text: nobody is accused.

``python -m tests.engine.path.test_boxes 20`` tries each with so many seeds.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Mapping

import click
import pytest

from probe import scenarios
from probe.engine.trial.hearing import Hearing
from probe.results.path import Suspect
from probe.results.verdict import ExchangeResult, Verdict
from probe.spec.segment import ACK, RST, SYN, Segment
from tests.engine.path.test_evidence import played
from tests.helpers import boxes
from tests.helpers.boxes import Behind, Box
from tests.helpers.faults import acks, silent
from tests.helpers.peer import Fault

EXCHANGES = tuple(s.id for s in scenarios.ALL.values() if not (s.slow or s.waits or s.risky))


def _bare_rst(to_peer: bool, segment: Segment) -> bool:
    return to_peer and segment.flags & (RST | ACK) == RST


def _text_on_syn(to_peer: bool, segment: Segment) -> bool:
    return to_peer and bool(segment.flags & SYN) and segment.length > 0


def _few_rsts() -> Box:
    """As by ``limit 1/s``, with which guides of old make port scans slow: three of four of a run come to nothing."""
    sent = itertools.count()
    return boxes.dropping(lambda to_peer, segment: _bare_rst(to_peer, segment) and next(sent) % 4 != 3)


_LIMITED = _few_rsts()


def _appliance(**settings: bool) -> Box:
    return boxes.refusing(boxes.ends_by_rst(**settings))


ON_THE_WAY: Mapping[str, tuple[Callable[[random.Random], Box], Suspect | None, int]] = {
    "entries end with a RST": (lambda _: _appliance(fins=False, checked=False), Suspect.FILTER, 65),
    "entries end with a RST in window": (lambda _: _appliance(fins=False, checked=True), Suspect.FILTER, 65),
    "entries end with RST and FINs": (lambda _: _appliance(fins=True, checked=False), Suspect.FILTER, 55),
    "entries end, 5 % lost": (
        lambda drawn: boxes.through(_appliance(fins=True, checked=False), boxes.losing(0.05, drawn)),
        Suspect.FILTER,
        45,
    ),
    "entries end with RST and FINs, refused": (
        lambda _: boxes.refusing(boxes.ends_by_rst(fins=True, checked=False), resets=True),
        Suspect.FORGED,
        55,
    ),
    "pf": (lambda _: boxes.refusing(boxes.OfABsd()), Suspect.FILTER, 70),
    "pf, a RST for what has no state": (
        lambda _: boxes.refusing(boxes.OfABsd(), resets=True),
        Suspect.FILTER,
        70,
    ),
    "windows, nothing behind an end": (lambda _: boxes.refusing(boxes.InWindow()), Suspect.FILTER, 45),
    "windows and exact RSTs": (lambda _: boxes.refusing(boxes.InWindow(exact=True)), Suspect.FILTER, 45),
    "windows, 5 % lost": (
        lambda drawn: boxes.through(boxes.refusing(boxes.InWindow()), boxes.losing(0.05, drawn)),
        Suspect.FILTER,
        40,
    ),
    "RSTs without ACK dropped": (lambda _: boxes.dropping(_bare_rst), Suspect.UNDELIVERED, 65),
    "SYNs on connections that stand dropped": (lambda _: boxes.refusing(boxes.one_syn()), Suspect.UNDELIVERED, 80),
    "RSTs without ACK limited": (lambda _: _LIMITED, None, 70),
    "text on SYN and SYN,ACK dropped": (lambda _: boxes.dropping(_text_on_syn), Suspect.FLAGS, 90),
    "20 ms of jitter": (lambda drawn: boxes.jittering(0.02, drawn), Suspect.REORDERING, 85),
    "50 ms of jitter towards the peer": (lambda drawn: boxes.jittering(0.05, drawn, back=False), None, 75),
    "one in ten twice": (lambda drawn: boxes.doubling(0.1, 0.002, drawn), None, 80),
    "lost, twice, and out of order": (
        lambda drawn: boxes.through(
            boxes.doubling(0.1, 0.002, drawn), boxes.through(boxes.losing(0.05, drawn), boxes.jittering(0.01, drawn))
        ),
        None,
        60,
    ),
}


def behind(
    name: str, seed: int, faults: Mapping[str, Fault] | None = None
) -> tuple[Hearing, dict[str, ExchangeResult]]:
    """All quick exchanges with a peer behind it: a box an attempt, what is drawn goes on."""
    drawn = random.Random(f"{name} {seed}")
    make = ON_THE_WAY[name][0]
    return played(lambda scenario, peer, iss: Behind(scenario, peer, make(drawn), iss), faults, EXCHANGES)


def accused(results: Mapping[str, ExchangeResult]) -> dict[str, tuple[str, ...]]:
    """The exchanges that are no pass because of the peer, each with its rules."""
    worse = {Verdict.FAIL, Verdict.WARN}
    return {name: tuple(f.rule for f in r.findings) for name, r in results.items() if r.verdict in worse}


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_nobody_is_accused_of_what_stands_on_the_way(name: str) -> None:
    _, suspect, passes = ON_THE_WAY[name]
    hearing, results = behind(name, 0)
    assert accused(results) == {}
    found = {s.suspect for s in hearing.path().accepted}
    assert found - {Suspect.REORDERING} <= {suspect}
    assert suspect is None or suspect in found
    assert sum(r.verdict is Verdict.PASS for r in results.values()) >= passes


@pytest.mark.parametrize(
    "rows", [("L2",), ("L2", "C2", "C3"), ("R4", "F4", "F9", "R10", "F8", "R8"), ("R4", "F4", "L2", "C2", "C3")]
)
def test_a_peer_that_is_silent_by_itself_is_not_taken_for_a_firewall(rows: tuple[str, ...]) -> None:
    """Silent to strays (BSD's ``blackhole``), to whatever is not acceptable, or to both."""
    faults = dict.fromkeys(rows, silent)
    hearing, results = played(
        lambda scenario, peer, iss: Behind(scenario, peer, boxes.dropping(lambda *_: False), iss), faults, EXCHANGES
    )
    assert hearing.path().accepted == ()
    assert len(accused(results)) > 10


def test_a_fault_behind_windows_is_still_found() -> None:
    _, results = behind("windows, nothing behind an end", 0, {"E2": acks})
    assert accused(results)["empty-ack"] == ("seg.pure-ack-silent",)


if __name__ == "__main__":
    for each in ON_THE_WAY:
        for number in range(int(sys.argv[1])):
            if found := accused(behind(each, number)[1]):
                click.echo(f"{each} {number} {found}")
