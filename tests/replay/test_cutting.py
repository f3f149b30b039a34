"""What is cut out of a long connection costs nothing where it was usual; else that is said."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from probe.engine.judge.capture import ConnectionVerdict
from probe.replay import judging
from probe.replay.cutting import CAP
from probe.results.connection import Evidence
from probe.results.verdict import Verdict, Why
from probe.spec.segment import ACK
from tests.replay.bulk import Bulk
from tests.replay.test_bulk import judged
from tests.replay.traffic import Piece


def troubled(times: int) -> Bulk:
    """A transfer of which something is lost, overtaken or held up, again and again."""
    bulk = Bulk().opened()
    for turn in range(times):
        bulk.transfer(40)
        (bulk.lost, bulk.overtaken, bulk.stalled)[turn % 3]()
    return bulk


def test_trouble_without_end_is_still_judged_to_the_end(tmp_path: Path) -> None:
    bulk = troubled(30).closed()
    assert len(bulk.pieces) > 5 * CAP
    found = judged(bulk, tmp_path)
    assert (found.verdict, found.stopped, found.evidence) == (Verdict.PASS, None, Evidence.COMPLETE)


@pytest.mark.parametrize("before", range(5))
def test_what_was_overtaken_before_a_cut_accuses_nobody(before: int, tmp_path: Path) -> None:
    """What is put in place of a cut takes no acknowledgment back, whichever row is the last one before it."""
    bulk = Bulk().opened()
    client, server = 100, 500
    for _ in range(before):
        bulk.pieces.append(Piece(True, ACK, client, server))
    for _ in range(200):
        texts = [Piece(True, ACK, client + at, server, 1000, window=5000) for at in (0, 1000)]
        echo = [Piece(False, ACK, server + at, client + 1000 + at, 1000, window=5000) for at in (1000, 0)]
        client, server = client + 2000, server + 2000
        bulk.pieces += [*texts, *echo, Piece(True, ACK, client, server, window=5000)]
    found = judged(bulk, tmp_path)
    assert (found.findings, found.doubtful) == ((), ())


def test_octets_that_the_record_lacks_are_told(tmp_path: Path) -> None:
    bulk, chance = troubled(30).closed(), random.Random(1)
    bulk.pieces = [
        piece
        for place, piece in enumerate(bulk.pieces)
        if not (piece.client and piece.length) or place < CAP or place > len(bulk.pieces) - CAP or chance.random() > 0.1
    ]
    found = judged(bulk, tmp_path)
    assert found.findings == ()
    assert found.evidence is Evidence.MISSING


def test_much_that_is_unusual_is_not_cut_away_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = ConnectionVerdict((), (), (), Verdict.PASS, complete=True)
    monkeypatch.setattr(judging, "judge_connection", lambda *_: passed)
    bulk = troubled(10)
    for turn in range(40):
        bulk.transfer(4)
        bulk.pieces.append(Piece(False, ACK, 900_000 + turn * 1000, bulk.acked))
    found = judged(bulk.transfer(400).lost().transfer(100).closed(), tmp_path)
    assert found.stopped is not None
    assert (found.verdict, found.stopped.why, found.evidence) == (
        Verdict.INCONCLUSIVE,
        Why.CUT_DOWN,
        Evidence.UNJUDGED,
    )
    assert found.stopped.packet < found.stopped.last == len(bulk.pieces)
