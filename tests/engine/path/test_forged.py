"""RSTs of another host's: told from the peer's by their TTL, where its own come with the usual one."""

from __future__ import annotations

from probe.engine.belief.events import Seen
from probe.engine.path.forged import forged
from probe.results.path import Standing, Suspect
from probe.results.verdict import Verdict
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq
from probe.wire.decode import hops
from tests.engine.path.test_boxes import EXCHANGES, behind
from tests.engine.path.test_evidence import played
from tests.helpers import boxes
from tests.helpers.boxes import Behind

SYN_ACK, REFUSAL = Segment(Seq(7), Seq(2), SYN | ACK), Segment(Seq(8), flags=RST)


class OfItsOwn(Behind):
    """A stack whose RSTs have a TTL of their own."""

    def _came(self, segment: Segment) -> Seen:
        return Seen(self.now, False, segment, hops=60 if segment.flags & RST else 64)


def test_a_rst_counts_by_the_ttl_of_its_connection() -> None:
    def record(*ttls: int) -> list[Seen]:
        return [Seen(0.0, False, SYN_ACK, hops=ttls[0]), Seen(0.1, False, REFUSAL, hops=ttls[1])]

    assert forged(record(63, 64)) == {1}
    assert forged(record(63, 254)) == forged(record(127, 63)) == frozenset()  # one host, two numbers to begin with
    assert forged(record(63, 63)) == forged(record(0, 64)) == forged(record(63, 0)) == frozenset()
    assert forged([Seen(0.0, False, REFUSAL, hops=64)]) == frozenset()


def test_a_stack_whose_rsts_all_have_another_ttl_sends_them_itself() -> None:
    none = boxes.dropping(lambda *_: False)
    hearing, results = played(lambda scenario, peer, iss: OfItsOwn(scenario, peer, none, iss), None, EXCHANGES)
    assert hearing.path().standing(Suspect.FORGED) is Standing.REFUSED
    assert {r.verdict for r in results.values()} == {Verdict.PASS}


def test_what_a_firewall_refuses_is_not_the_peers() -> None:
    hearing, results = behind("entries end with RST and FINs, refused", 0)
    refused = [r for r in results.values() if r.verdict is Verdict.SKIP]
    assert all("another host" in r.reason for r in refused)
    assert {"time-wait-data", "rst-outside", "listen-ack"} <= {r.id for r in refused}
    assert hearing.path().standing(Suspect.FILTER) is not Standing.ACCEPTED


def test_the_ttl_is_read_of_both_versions() -> None:
    assert hops(bytes((0x45, *[0] * 7, 63, *[0] * 11))) == hops(bytes((0x60, *[0] * 6, 63, *[0] * 32))) == 63
    assert hops(b"") == hops(b"\x45") == 0
