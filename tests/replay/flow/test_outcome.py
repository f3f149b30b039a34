"""What became of a connection: every word of open, close and evidence, in and out of order, with pieces missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.replay.flow.outcome import summary
from probe.results.connection import Packet
from probe.spec.segment import ACK, Segment
from probe.spec.seq import Seq
from tests.helpers.packets import STEP, talk

OPEN = "> S 0, < S. 0 1, > . 1 1"
DATA = f"{OPEN}, > P. 1 1 20, < . 1 21, < P. 1 21 300, > . 21 301"
FOUR = "> F. 21 301, < . 301 22, < F. 301 22, > . 22 302"
THREE = "> F. 21 301, < F. 301 22, > . 22 302"
FOUR_BY_SERVER = "< F. 301 21, > . 21 302, > F. 21 302, < . 302 22"
THREE_BY_SERVER = "< F. 301 21, > F. 21 302, < . 302 22"
BOTH = "> F. 21 301, < F. 301 21, > . 22 302, < . 302 22"


@pytest.mark.parametrize(
    ("text", "opener", "handshake"),
    [
        (OPEN, "client", "followed"),
        ("> S 0, < S. 0 1, > P. 1 1 20", "client", "followed"),
        ("> S 0, < S. 0 1, > F. 1 1", "client", "followed"),
        ("> S 0, > . 1 1, < S. 0 1", "client", "followed"),  # recorded out of order
        ("< S. 0 1, > S 0, > . 1 1", "client", "followed"),
        ("> S 0, < S. 0 1, > S 0, < S. 0 1, > . 1 1", "client", "followed"),
        ("> S 0, < S. 0 1, < . 1 1 50, > . 1 51", "client", "followed"),  # the ACK itself is not in the record
        ("> S 0 0 10, < S. 0 11, > . 11 1", "client", "followed"),  # Fast Open
        ("> S 0 0 10, < S. 0 5, > . 5 1", "client", "followed"),  # of which the server took a part
        ("> S -90, < S. 0 -89, > R -89, > S 0, < S. 0 1, > . 1 1", "client", "followed"),  # figure 9
        ("> S 0, < . 900 901, > R 901, > S 0, < S. 0 1, > . 1 1", "client", "followed"),  # figure 10
        ("> S 0, < R. 0 1", "client", "refused"),
        ("> S 0, > S 0, < R. 0 1", "client", "refused"),
        ("> S 0, < R. 0 1, > S 0, < S. 0 1, > . 1 1", "client", "followed"),
        ("> S 0, < R 0", "client", "unanswered"),  # a RST without ACK refuses nothing
        ("> S 0, < R. 0 700", "client", "unanswered"),
        ("> S 0", "client", "unanswered"),
        ("> S 0, > S 0, > S 0", "client", "unanswered"),
        ("> S 0, < . 900 901, > R 901", "client", "unanswered"),
        ("> S 0, < S. 0 1", "client", "incomplete"),
        ("> S 0, < S. 0 1, < S. 0 1", "client", "incomplete"),
        ("> S 0, < S. 0 1, > R 1", "client", "incomplete"),
        ("> S 0, < S. 0 1, > . 1 0", "client", "incomplete"),
        ("> S 0, < S. 0 1, > . 1 900, < R 900", "client", "incomplete"),
        ("> S 0, < S. 0 0", "client", "violated"),
        ("> S 0, < S. 0 2, > R 2", "client", "violated"),
        ("> S 0, < S. 0 77, > R 77, < S. 0 1, > . 1 1", "client", "followed"),
        ("> S 0, > . 1 1, > P. 1 1 20", "client", "not seen"),
        ("> S 0, < P. 1 1 300", "client", "not seen"),
        ("> S 0, < . 1 1, > P. 1 1 20", "client", "not seen"),
        ("< S. 0 1, > . 1 1", "mid-stream", "not seen"),
        ("> S. 0 1, < . 1 1", "mid-stream", "not seen"),
        ("> P. 1 1 20, < . 1 21", "mid-stream", "not seen"),
        ("> R 1", "mid-stream", "not seen"),
        ("> S 0, < S 0, > S. 0 1, < S. 0 1", "simultaneous", "followed"),
        ("> S 0, < S 0, > . 1 1, < . 1 1", "simultaneous", "followed"),
        ("> S 0, < S 0, > S. 0 1", "simultaneous", "incomplete"),
        ("> S 0, < S 0", "simultaneous", "unanswered"),
        ("> S 0, < S. 0 1, > . 1 1, < S 0", "client", "followed"),  # an old SYN of the server opens nothing
    ],
)
def test_open(text: str, opener: str, handshake: str) -> None:
    found = summary(talk(text))
    assert (found.opener, found.handshake) == (opener, handshake)


@pytest.mark.parametrize(
    ("text", "close"),
    [
        (f"{DATA}, {FOUR}", "four-way"),
        (f"{DATA}, {THREE}", "three-segment"),
        (f"{DATA}, {FOUR_BY_SERVER}", "four-way"),
        (f"{DATA}, {THREE_BY_SERVER}", "three-segment"),
        (f"{DATA}, {BOTH}", "simultaneous"),
        # A half close: data goes on after the first FIN.
        (f"{DATA}, > F. 21 301, < P. 301 22 50, > . 22 351, < F. 351 22, > . 22 352", "four-way"),
        # The last data and the FIN in one segment, and retransmissions of both FINs.
        (f"{DATA}, > FP. 21 301 9, < F. 301 31, > . 31 302", "three-segment"),
        (f"{DATA}, > F. 21 301, > F. 21 301, < F. 301 22, < F. 301 22, > . 22 302, > . 22 302", "three-segment"),
        (f"{DATA}, > F. 21 301, < F. 301 21, < F. 301 22, > . 22 302", "simultaneous"),
        # The ACK and the FIN changed places in the record, the ACK after the FIN is no separate one.
        (f"{DATA}, > F. 21 301, < F. 301 22, < . 301 22, > . 22 302", "four-way"),
        (f"{DATA}, > F. 21 301, < F. 301 22, < . 302 22, > . 22 302", "three-segment"),
        # A RST after both FINs are acknowledged changes nothing.
        (f"{DATA}, {FOUR}, > R 22", "four-way"),
        (f"{DATA}, {THREE_BY_SERVER}, < R 302", "three-segment"),
        (f"{DATA}, > R. 21 301", "reset by client"),
        (f"{DATA}, < R. 301 21", "reset by server"),
        (f"{DATA}, > F. 21 301, < R 301", "reset by server"),
        (f"{DATA}, > F. 21 301, < F. 301 22, > R 22", "reset by client"),
        (f"{DATA}, > F. 21 301, < . 301 22, < P. 301 22 50, > R 22", "reset by client"),
        # Both reset: the first did it. Data in flight that meets the reset changes nothing.
        (f"{DATA}, > R. 21 301, < P. 301 21 50, > R 21, < R. 351 21", "reset by client"),
        (f"{DATA}, > R. 22 301, > P. 21 301 1", "reset by client"),  # changed places in the record
        # Not in the window, or its sender went on: nothing was reset.
        (f"{DATA}, < R -5000", "none"),
        (f"{DATA}, < R 301, < P. 301 21 50", "none"),
        (f"{DATA}, < R 301, {FOUR}", "four-way"),
        (f"{DATA}, > F. 21 301", "incomplete"),
        (f"{DATA}, > F. 21 301, < . 301 22", "incomplete"),
        (f"{DATA}, > F. 21 301, < . 301 22, < F. 301 22", "incomplete"),
        (DATA, "none"),
        (OPEN, "none"),
        ("> S 0", "none"),
        ("> S 0, < R. 0 1", "none"),
        ("> S 0, > R 1", "reset by client"),
        ("> S 0, < S. 0 1, > R 1", "reset by client"),
        ("> S 0, < S. 0 1, < R. 1 1", "reset by server"),
        ("> S 0, < S. 0 1, > . 1 900, < R 900", "none"),
        ("> S 0, < . 900 901, > R 901", "none"),
        ("> P. 21 301 5, < . 301 26, > F. 26 301, < F. 301 27, > . 27 302", "three-segment"),
        ("> F. 26 301, < F. 301 27, > . 27 302", "three-segment"),
        ("> R 5", "reset by client"),
    ],
)
def test_close(text: str, close: str) -> None:
    assert summary(talk(text)).close == close


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        (f"{DATA}, {FOUR}", "complete"),
        (f"{OPEN}, > P. 21 1 20, > P. 1 1 20, < . 1 41", "complete"),  # out of order, filled in the end
        (f"{OPEN}, > P. 1 1 20, > P. 11 1 40, < . 1 51, < . 1 51", "complete"),
        (f"{OPEN}, > P. 21 1 20", "segments are missing"),
        (f"{OPEN}, < . 1 21", "segments are missing"),
        (f"{OPEN}, > . 21 1", "segments are missing"),
        (f"{OPEN}, > . 0 1, < . 1 1", "complete"),  # a keep-alive
        ("> S 0, < P. 1 1 300", "segments are missing"),
        ("> S 0", "complete"),
        ("> S 0, < R. 0 1", "complete"),
        ("> S 0, < S. 0 77, > R 77", "complete"),
        ("> S 0, > . 1 1, > P. 1 1 20", "one direction only"),
        ("< S. 0 1, < P. 1 21 300", "one direction only"),
        ("> P. 1 1 20, > P. 21 1 20", "one direction only"),
        ("< S. 0 1, > . 1 1", "starts in mid-connection"),
        ("> P. 1 1 20, < . 1 21", "starts in mid-connection"),
        ("> R 5", "starts in mid-connection"),
    ],
)
def test_evidence(text: str, evidence: str) -> None:
    assert summary(talk(text)).evidence == evidence


def test_what_was_sent_again() -> None:
    text = "> S 0, > S 0, > S 0, < S. 0 1, < S. 0 1, > . 1 1, > F. 1 1, > F. 1 1, < F. 1 2, < F. 1 2, < F. 1 2, > . 2 2"
    found = summary(talk(text))
    assert (found.syn_again, found.syn_ack_again, found.fin_again) == (2, 1, 3)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (OPEN, 2),
        ("> S 0, > S 0, < S. 0 1, > . 1 1", 2),  # from the last SYN
        ("> S 0, < S. 0 1, < S. 0 1, > . 1 1", 2),  # from the last SYN,ACK
        ("> S 0, < S. 0 1", 1),
        ("< S. 0 1, > S 0, > . 1 1", 2),
        ("> S 0, < R. 0 1", None),
        ("> P. 1 1 20, < . 1 21", None),
    ],
)
def test_round_trip_time(text: str, steps: int | None) -> None:
    packets = talk(text)
    trips = [packets[after].time - packets[before].time for before, after in summary(packets).trips]
    assert (sum(trips), bool(trips)) == ((steps or 0) * STEP, steps is not None)


WHOLE = [f"{DATA}, {close}" for close in (FOUR, THREE, FOUR_BY_SERVER, THREE_BY_SERVER, BOTH)]


@given(st.sampled_from(WHOLE), st.data())
def test_neighbours_of_different_ends_may_change_places_in_the_record(text: str, data: st.DataObject) -> None:
    """A recorder with a queue for each direction mixes them up, but not each by itself."""
    packets = talk(text)
    expected = replace(summary(packets), trips=())
    for _ in range(data.draw(st.integers(0, 6))):
        index = data.draw(st.integers(0, len(packets) - 2))
        if packets[index].from_client != packets[index + 1].from_client:
            packets[index : index + 2] = reversed(packets[index : index + 2])
    assert replace(summary(packets), trips=()) == expected


@given(st.sampled_from(WHOLE), st.data())
def test_packets_recorded_twice_change_only_the_counts(text: str, data: st.DataObject) -> None:
    packets = talk(text)
    index = data.draw(st.integers(0, len(packets) - 1))
    found = summary([*packets[: index + 1], packets[index], *packets[index + 1 :]])
    expected = summary(packets)
    assert (found.opener, found.handshake, found.close, found.evidence) == (
        expected.opener,
        expected.handshake,
        expected.close,
        expected.evidence,
    )


@given(st.sampled_from(WHOLE), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_numbers_are_only_distances(text: str, client: int, server: int) -> None:
    packets = talk(text)
    moved = [replace(p, segment=_moved(p.segment, *_shift(p, client, server))) for p in packets]
    assert summary(moved) == summary(packets)


def _shift(packet: Packet, client: int, server: int) -> tuple[int, int]:
    return (client, server) if packet.from_client else (server, client)


def _moved(segment: Segment, seq: int, ack: int) -> Segment:
    return replace(segment, seq=segment.seq + seq, ack=segment.ack + ack if segment.flags & ACK else Seq(0))


_PACKET = st.tuples(
    st.sampled_from("<>"),
    st.sampled_from(["S", "S.", ".", "F.", "R", "R.", "P.", "-", "SF", "SR.", "F"]),
    st.integers(-2, 4),
    st.integers(-2, 4),
    st.integers(0, 3),
)


@given(st.lists(_PACKET, min_size=1, max_size=12))
def test_whatever_comes_there_is_a_word_for_it(lines: list[tuple[str, str, int, int, int]]) -> None:
    found = summary(talk(", ".join(" ".join(map(str, line)) for line in lines)))
    assert found.opener in {"client", "simultaneous", "mid-stream"}
    assert found.handshake in {"followed", "refused", "unanswered", "incomplete", "violated", "not seen"}
    assert found.close in {
        "four-way", "three-segment", "simultaneous", "reset by client", "reset by server", "incomplete", "none",
    }  # fmt: skip
    assert found.evidence in {"complete", "starts in mid-connection", "one direction only", "segments are missing"}
