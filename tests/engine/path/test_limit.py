"""A limit on SYNs that answers with RSTs strikes by chance: what it strikes tells nothing, the rest is judged."""

from __future__ import annotations

from dataclasses import replace

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.path.limit import turned_away
from probe.results.path import Standing, Suspect
from probe.results.verdict import Verdict
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq
from tests.engine.path.test_evidence import Drops, Refused, nothing, run, words
from tests.helpers.faults import resets

MORE = tuple(scenarios.ALL[name] for name in ("isn-differs", "half-open-syn", "old-syn-recovery", "syn-inside"))


def test_what_a_limit_strikes_is_tried_again_and_nobody_is_accused() -> None:
    counts = {"syns": 0}

    def limited() -> Drops:
        def drops(time: float, to_peer: bool, segment: Segment) -> bool:
            if not to_peer or segment.flags & (SYN | ACK) != SYN:
                return False
            counts["syns"] += 1
            return counts["syns"] % 4 == 0

        return drops

    hearing, results = run(limited, kind=Refused, more=MORE)
    (found,) = hearing.path().accepted
    assert found.suspect is Suspect.LIMIT
    assert words(results, Verdict.FAIL) | words(results, Verdict.WARN) == set()
    assert {"open", "isn-differs", "half-open-syn", "old-syn-recovery"} <= words(results, Verdict.PASS)


def test_a_peer_that_always_refuses_at_one_place_is_no_limit() -> None:
    hearing, results = run(nothing, {"R2": resets}, more=(scenarios.ALL["syn-again-syn-received"],))
    assert hearing.path().standing(Suspect.LIMIT) is not Standing.ACCEPTED
    assert results["syn-again-syn-received"].verdict is Verdict.FAIL


def test_a_syn_is_turned_away_by_the_rst_of_a_port_without_that_connection() -> None:
    syn, ack = Segment(Seq(7), flags=SYN), Segment(Seq(8), Seq(1), ACK)
    refusal = Segment(Seq(0), Seq(8), RST | ACK)

    def events(*some: tuple[bool, Segment]) -> list[Seen]:
        return [Seen(float(at), to_peer, segment) for at, (to_peer, segment) in enumerate(some)]

    assert turned_away(events((True, syn), (False, refusal))) == {0}
    assert turned_away(events((True, ack), (False, refusal))) == frozenset()
    assert turned_away(events((True, syn), (False, replace(refusal, seq=Seq(9))))) == frozenset()
    assert turned_away(events((True, syn), (False, replace(refusal, ack=Seq(9))))) == frozenset()
