"""RSTs or FINs of which none gets through: found where a path does that, refused by a single one that came."""

from __future__ import annotations

import pytest

from probe import scenarios
from probe.results.path import Standing, Suspect
from probe.results.verdict import Verdict
from probe.spec.segment import FIN, RST, Segment
from tests.engine.path.test_evidence import Behind, Drops, nothing, run, words
from tests.helpers.dialogue import Dialogue
from tests.helpers.faults import as_before, silent

MORE = tuple(
    scenarios.ALL[name]
    for name in (
        "abort-by-us",
        "abort-by-peer",
        "rst-with-data",
        "rst-fin-wait-1",
        "rst-close-wait",
        "close-by-peer",
        "fin-with-data",
        "half-close",
        "listen-rst",
    )
)


class Between(Behind):
    """A path that drops in both directions."""

    def _push(self, delay: float, what: str, segment: Segment | None = None) -> None:
        if segment is not None and self.drops(self.now, what == "out", segment):
            return
        Dialogue._push(self, delay, what, segment)


def dropping(flag: int, *directions: bool) -> Drops:
    return lambda time, to_peer, segment: to_peer in directions and bool(segment.flags & flag)


OPENED = {"open", "data-outside", "synack-retransmitted"}


@pytest.mark.parametrize(
    ("flag", "directions", "found", "judged"),
    [
        (RST, (True,), {Suspect.UNDELIVERED: "RST"}, OPENED | {"close-by-us", "bad-ack-syn-received"}),
        (RST, (False,), {Suspect.UNHEARD: "RST"}, OPENED | {"fin-with-data", "rst-outside"}),
        (RST, (True, False), {Suspect.UNDELIVERED: "RST", Suspect.UNHEARD: "RST"}, OPENED),
        (FIN, (True,), {Suspect.UNDELIVERED: "FIN", Suspect.FLAGS: "F FS"}, OPENED | {"abort-by-us"}),
        (FIN, (False,), {Suspect.UNHEARD: "FIN"}, OPENED | {"abort-by-us"}),
    ],
)
def test_what_never_gets_through_is_named_and_accuses_nobody(
    flag: int, directions: tuple[bool, ...], found: dict[Suspect, str], judged: set[str]
) -> None:
    hearing, results = run(lambda: dropping(flag, *directions), kind=Between, more=MORE)
    told = {name: (r.verdict, r.why, r.reason, r.findings) for name, r in results.items()}
    assert {s.suspect: s.variant for s in hearing.path().accepted} == found, told
    assert words(results, Verdict.FAIL) | words(results, Verdict.WARN) == set(), told
    assert words(results, Verdict.INCONCLUSIVE) == set(), told
    assert judged <= words(results, Verdict.PASS), told


def test_one_that_came_and_one_that_had_its_effect_refute_it() -> None:
    hearing, _ = run(nothing, more=MORE)
    assert hearing.path().standing(Suspect.UNDELIVERED) is Standing.REFUSED
    assert hearing.path().standing(Suspect.UNHEARD) is Standing.REFUSED


@pytest.mark.parametrize(
    ("row", "exchange"), [("F5", "abort-by-us"), ("L2", "listen-ack"), ("R10", "bad-ack-syn-received")]
)
def test_a_peer_at_fault_in_some_of_its_states_is_still_found(row: str, exchange: str) -> None:
    ignores = as_before if row == "F5" else silent
    hearing, results = run(nothing, {row: ignores}, more=MORE)
    assert hearing.path().accepted == ()
    assert results[exchange].verdict in (Verdict.FAIL, Verdict.WARN), results[exchange]
