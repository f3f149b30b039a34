"""One connection recorded in two numberings: both ends must speak in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from probe.engine.belief.tracker import Memory
from probe.engine.judge.capture import judge_connection
from probe.engine.path.artefacts import signs
from probe.engine.path.numberings import numberings
from probe.results.artefacts import Artefact
from probe.results.connection import Packet
from probe.results.verdict import Verdict
from probe.spec.segment import ACK
from tests.helpers.packets import talk

OPEN = "> S 0, < S. 0 1, > . 1 1, "
WHOLE = OPEN + "> P. 1 1 10, < . 1 11, < P. 1 11 5, > . 11 6, > F. 11 6, < . 6 12, < F. 6 12, > . 12 7"
BROKEN = OPEN + "> P. 1 1 10, < . 1 9999, > F. 11 1, < . 1 12"
SHIFTS = [(0, 0x12345678), (0, -0x12345678), (0, 1 << 31), (0, 1000), (0x7FFFFFF0, 77777)]


def on_both_sides(packets: Sequence[Packet], client: int, server: int) -> list[Packet]:
    """Each packet twice: the client's first, the server's last in the numbers they are given."""
    found = []
    for packet in packets:
        s, (own, other) = packet.segment, (client, server) if packet.from_client else (server, client)
        twin = replace(packet, segment=replace(s, seq=s.seq + own, ack=s.ack + other if s.flags & ACK else s.ack))
        found += [packet, twin] if packet.from_client else [twin, packet]
    return [replace(packet, number=number) for number, packet in enumerate(found, 1)]


@pytest.mark.parametrize("shift", SHIFTS)
def test_each_end_is_judged_by_its_own_numbers(shift: tuple[int, int]) -> None:
    packets = on_both_sides(talk(WHOLE), *shift)
    found, verdict = numberings(packets), judge_connection(packets, Memory())
    assert found is not None
    assert found.whole
    assert [packets[at].segment for at in found.client] == [packet.segment for packet in talk(WHOLE)]
    assert sorted({*found.client, *found.server}) == list(range(len(packets)))
    assert verdict.word is Verdict.PASS
    assert verdict.signs.artefacts == {Artefact.RENUMBERED}


@pytest.mark.parametrize("shift", SHIFTS)
def test_what_breaks_a_rule_in_both_does_so(shift: tuple[int, int]) -> None:
    alone = judge_connection(talk(BROKEN), Memory())
    found = judge_connection(on_both_sides(talk(BROKEN), *shift), Memory())
    assert [one.rule for one in found.findings] == [one.rule for one in alone.findings] != []


def test_what_one_numbering_lacks_is_doubtful() -> None:
    packets = on_both_sides(talk(BROKEN), 0, 5_000_000)
    found = judge_connection(packets[:-1], Memory())
    assert (found.word, found.findings) == (Verdict.INCONCLUSIVE, ())
    assert found.doubtful


def test_a_third_numbering() -> None:
    twice = on_both_sides(talk(WHOLE), 0, 5_000_000)
    found = numberings(on_both_sides(twice, 9_000_000, 0))
    assert found is not None
    assert judge_connection(on_both_sides(twice, 9_000_000, 0), Memory()).word is Verdict.PASS


@pytest.mark.parametrize(
    "packets",
    [
        WHOLE,
        OPEN + "> P. 1 1 10, < . 1 11, < S. 999 1, > . 11 1",  # one end alone
        OPEN + "> P. 1 1 10, < . 1 9999, > . 11 1, < . 1 9999, > . 11 1",
        OPEN + "> P. 1 1 10, < . 1 11, > P. 90001 1 10, < . 1 11",
        OPEN + "> P. 1 1 10, < . 1 11, > P. 90001 1 10, < . 1 90011, > P. 90011 1 10",  # records are missing
        "> . 5 5, < . 5 5, > P. 90001 70001 10, < . 70001 90011",  # another connection on the same ports
    ],
)
def test_what_is_no_second_numbering(packets: str) -> None:
    assert numberings(talk(packets)) is None


def test_a_syn_before_this_one_is_the_same_if_both_are_answered_alike() -> None:
    packets = talk("> S 0, < R. 0 1, < R. 0 7001")
    before = packets[0].segment.seq + 7000
    assert signs(packets, before).artefacts == {Artefact.RENUMBERED}
    assert judge_connection(packets, Memory(), asked=before).word is Verdict.INCONCLUSIVE
    assert judge_connection(packets, Memory()).findings
    assert not signs(talk("> S 0, < R. 0 1"), before).artefacts
