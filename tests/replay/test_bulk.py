"""A long transfer is judged to its end, whatever the path did to it, and what is wrong late in it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Connection
from probe.results.verdict import Verdict
from probe.spec.segment import ACK, FIN, SYN
from tests.capture.build import EVENING, pcap
from tests.replay.bulk import Bulk, ordinary
from tests.replay.traffic import Piece, frame


def judged(bulk: Bulk, folder: Path) -> Connection:
    """The transfer as a replay has it."""
    path = folder / "bulk.pcap"
    path.write_bytes(pcap([frame(piece, 40000, EVENING + at * 100_000) for at, piece in enumerate(bulk.pieces)]))
    [found] = replay(ReplayOptions((str(path),), limit=None, workers=1)).listed
    return found


PLAIN = Bulk().opened().transfer(3000).closed()
FLIGHT = Bulk(flight=400).opened().transfer(3000).closed()
LOSS = Bulk().opened().transfer(600).lost().transfer(600).lost().transfer(600).closed()
ORDER = Bulk().opened().transfer(60).overtaken().transfer(600).overtaken().transfer(60).closed()
STALL = Bulk().opened().transfer(60).stalled().transfer(600).stalled().transfer(60).closed()
ALL = ordinary().closed()
BULKS = {"plain": PLAIN, "long flight": FLIGHT, "loss": LOSS, "order": ORDER, "stall": STALL, "all": ALL}


@pytest.mark.parametrize("name", BULKS)
def test_it_is_judged_to_its_end(name: str, tmp_path: Path) -> None:
    found = judged(BULKS[name], tmp_path)
    assert (found.verdict, found.stopped, found.findings) == (Verdict.PASS, None, ())


def test_a_fin_that_acknowledges_what_was_never_sent(tmp_path: Path) -> None:
    found = judged(ordinary().closed(beyond=100_000), tmp_path)
    assert found.verdict is Verdict.FAIL
    assert len(ALL.pieces) - 1 in found.findings[0].packets


@pytest.mark.parametrize("client", [True, False])
def test_a_second_fin_further_on(client: bool, tmp_path: Path) -> None:
    bulk = ordinary().closed()
    own, other = (bulk.sent, 501) if client else (500, bulk.sent + 1)
    bulk.pieces.append(Piece(client, FIN | ACK, own + 20_000, other))
    found = judged(bulk, tmp_path)
    assert found.verdict is Verdict.FAIL
    assert len(bulk.pieces) in found.findings[0].packets


@pytest.mark.parametrize("place", [3000, len(ALL.pieces) - 6])
def test_a_syn_ack_out_of_the_blue(place: int, tmp_path: Path) -> None:
    bulk = ordinary().closed()
    bulk.pieces.insert(place, Piece(False, SYN | ACK, 77_777, bulk.pieces[place - 1].seq))
    found = judged(bulk, tmp_path)
    assert found.verdict is Verdict.FAIL
    assert place + 1 in found.findings[0].packets
