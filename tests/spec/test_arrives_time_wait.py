"""TIME-WAIT: RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 6191 section 2, RFC 1337; rows T1 to T18.

The tester's FIN was at T+1 (the last number), the peer's at P+1.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.spec.arrives import arrives
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import WINDOW, P, T, expect, reply_text, seg, stamped, time_wait

TIME_WAIT, CLOSED, SYN_RECEIVED = State.TIME_WAIT, State.CLOSED, State.SYN_RECEIVED
ACK = ". seq 2 ack 2"
NEW, OLD = 2**20, -1000


def honoured(seq: int) -> tuple[str, str, State]:
    """SYN,ACK of a new incarnation; its ISS lies beyond every number used before (MAY-2)."""
    return "T1", f"S. ack {seq + 1} above 1", SYN_RECEIVED


def acked(row: str) -> tuple[str, str, State]:
    return row, ACK, TIME_WAIT


def silent(row: str) -> tuple[str, str, State]:
    return row, "", TIME_WAIT


def test_time_wait_newer_syn_beyond_the_window() -> None:
    """T6, T8, T9: honour or ACK; silence is for old ones."""
    expect(time_wait(), seg("S", NEW), honoured(NEW), acked("T1"), rule="timewait.syn-newer-seq", rcv_nxt=NEW + 1)


@pytest.mark.parametrize("seq", [2, 10, WINDOW])
def test_time_wait_newer_syn_in_the_window(seq: int) -> None:
    """T10: without RFC 5961 also the RST of the classic rule."""
    found = arrives(time_wait(), seg("S", seq))
    assert [(r.row, reply_text(r.reply), r.next.state, r.only) for r in found[:2]] == [
        (*acked("T1"), ""),
        (*honoured(seq), ""),
    ]
    assert [(r.next.state, r.only) for r in found[2:]] == [(CLOSED, "classic")]


def test_time_wait_syn_fin_whose_syn_lies_left_of_the_window() -> None:
    """3.10.7.4 fourth: "If the SYN is in the window it is an error: send a reset". Only the FIN is in it here."""
    expect(time_wait(), seg("SF", 1), acked("T9"), silent("T9"))
    expect(time_wait(), seg("SF", 1, length=5), acked("T9"), silent("T9"))


@pytest.mark.parametrize("seq", [1, 0, OLD, -(2**20)])
def test_time_wait_older_syn(seq: int) -> None:
    """T7, T9: ACK or silence, never a SYN,ACK, never a RST. The number of the old FIN itself is not newer."""
    expect(time_wait(), seg("S", seq), acked("T9"), silent("T9"), rule="timewait.syn-old-refused")


def test_time_wait_syn_with_a_newer_timestamp() -> None:
    """T1: honoured even with an older number."""
    used = time_wait(timestamps=True, ts_recent=100)
    expect(used, seg("S", OLD, options=stamped(101)), honoured(OLD), acked("T1"))
    expect(used, seg("S", NEW, options=stamped(101)), honoured(NEW), acked("T1"))


def test_time_wait_syn_with_the_same_timestamp() -> None:
    """T2: the number decides."""
    used = time_wait(timestamps=True, ts_recent=100)
    expect(used, seg("S", NEW, options=stamped(100)), honoured(NEW), acked("T1"))
    expect(used, seg("S", OLD, options=stamped(100)), acked("T9"), silent("T9"))


def test_time_wait_syn_with_an_older_timestamp() -> None:
    """T4 with an older number; with a newer one the evidence is mixed: nothing is excluded but the RST."""
    used = time_wait(timestamps=True, ts_recent=100)
    expect(used, seg("S", OLD, options=stamped(99)), acked("T9"), silent("T9"))
    expect(used, seg("S", NEW, options=stamped(99)), honoured(NEW), acked("T1"), silent("T1"))


def test_time_wait_timestamps_compare_across_the_wrap() -> None:
    used = time_wait(timestamps=True, ts_recent=2**32 - 2)
    expect(used, seg("S", OLD, options=stamped(1)), honoured(OLD), acked("T1"))


def test_time_wait_syn_drops_the_timestamps_of_before() -> None:
    """T3: no timestamps on the SYN, the number decides."""
    used = time_wait(timestamps=True, ts_recent=100)
    expect(used, seg("S", NEW), honoured(NEW), acked("T1"))
    expect(used, seg("S", OLD), acked("T9"), silent("T9"))


# RFC 6191 section 2: "TCP Timestamps would be enabled for the new incarnation" means that the SYN has the option "and
# that the SYN/ACK segment that would be sent in response to it would also contain a Timestamps option".


def test_time_wait_syn_brings_timestamps() -> None:
    """T5, T7: the old connection had none, as nobody offered them; so nobody knows whether the SYN,ACK would."""
    expect(time_wait(), seg("S", OLD, options=stamped(1)), honoured(OLD), acked("T1"), silent("T1"))
    expect(time_wait(), seg("S", NEW, options=stamped(1)), honoured(NEW), acked("T1"))


def test_time_wait_syn_brings_timestamps_that_the_peer_takes_up() -> None:
    """T5: it offered them itself on the old connection."""
    block = time_wait(passive=False, offer_timestamps=True)
    expect(block, seg("S", OLD, options=stamped(1)), honoured(OLD), acked("T1"))


def test_time_wait_syn_brings_timestamps_that_the_peer_does_not_take_up() -> None:
    """T6, T7: it left them unanswered on the old connection; the number decides."""
    block = time_wait(offer_timestamps=True)
    expect(block, seg("S", OLD, options=stamped(1)), acked("T9"), silent("T9"))
    expect(block, seg("S", NEW, options=stamped(1)), honoured(NEW), acked("T1"))


def test_time_wait_reopened_by_an_old_duplicate() -> None:
    """Section 3.6.1, MAY-2: it "returns to TIME-WAIT state if the SYN turns out to be an old duplicate"."""
    old = time_wait()
    reopened = next(r.next for r in arrives(old, seg("S", NEW)) if r.next.state is SYN_RECEIVED)
    known = replace(reopened, iss=P + 5000, snd_una=P + 5000, snd_nxt=P + 5001, rcv_wnd=WINDOW)
    refused = seg("R", NEW + 1)
    assert {r.next for r in arrives(known, refused)} == {old, Tcb(State.LISTEN, listening=True)}
    assert {r.next.reopened for r in arrives(known, seg(".", NEW + 1, 5001))} == {None}


def test_time_wait_reopened_by_a_syn_with_text() -> None:
    """3.10.7.2 third: "any other control or text should be queued for processing later"."""
    found = [r for r in arrives(time_wait(), seg("S", NEW, length=4)) if r.next.state is SYN_RECEIVED]
    assert {r.next.held for r in found} == {(), ((T + NEW + 1, T + NEW + 5, False),)}


def test_time_wait_reopened_block_begins_anew() -> None:
    expect(
        time_wait(timestamps=True, ts_recent=7),
        seg("S", NEW, options=stamped(8)),
        honoured(NEW),
        acked("T1"),
        iss=None,
        irs=NEW,
        passive=True,
        timestamps=False,
        offer_timestamps=True,
        ts_recent=8,
        fin_received=False,
    )


def test_time_wait_new_iss_beyond_all_used() -> None:
    """MAY-2 condition 1, across the wrap."""
    reply = next(r.reply for r in arrives(time_wait(), seg("S", NEW)) if r.next.state is SYN_RECEIVED)
    assert reply is not None
    for iss, good in ((P + 2, True), (P + 100_000, True), (P + 1, False), (P, False), (P - 5, False)):
        answer = seg("S.", seq=iss - T, ack=T + NEW + 1 - P)
        assert reply.matches(answer) is good


@pytest.mark.parametrize("flags", ["S.", "SF."])
def test_time_wait_syn_ack(flags: str) -> None:
    """T14: F6 in the window, F4 outside."""
    found = arrives(time_wait(), seg(flags, 5, 2))
    assert {(r.row, r.next.state, r.only) for r in found} == {
        ("F6", TIME_WAIT, "rfc5961"),
        ("F6", CLOSED, "classic"),
    }
    expect(time_wait(), seg(flags, OLD, 2), ("F4", ACK, TIME_WAIT))


def test_time_wait_fin_again() -> None:
    expect(time_wait(), seg("F.", 1, 2), ("T12", ACK, TIME_WAIT), rule="timewait.fin-reacked")
    expect(time_wait(), seg("FP.", -4, 2, 5), ("T12", ACK, TIME_WAIT), rule="timewait.fin-reacked")


@pytest.mark.parametrize(("flags", "seq", "length"), [("P.", -100, 10), (".", OLD, 0), ("F.", OLD, 0), ("P.", NEW, 1)])
def test_time_wait_old_segment(flags: str, seq: int, length: int) -> None:
    expect(time_wait(), seg(flags, seq, 2, length), ("F4", ACK, TIME_WAIT))


def test_time_wait_ack() -> None:
    expect(time_wait(), seg(".", 2, 2), ("T16", "", TIME_WAIT), rule="seg.pure-ack-silent")


def test_time_wait_pure_ack_behind_a_gap() -> None:
    """Only the FIN again is foreseen, and it is acknowledged: an ACK is no fault here."""
    expect(time_wait(), seg(".", 3, 2), ("T16", "", TIME_WAIT), ("T16", ". seq 2 ack 2", TIME_WAIT))


def test_time_wait_syn_half_the_space_away() -> None:
    """Neither newer nor older: a SYN,ACK is as right as an ACK or silence."""
    expect(time_wait(), seg("S", 2 + 2**31), acked("T1"), silent("T1"), honoured(2 - 2**31))


def test_time_wait_no_ack_bit() -> None:
    expect(time_wait(), seg("P", 2, length=3), ("F7", "", TIME_WAIT), rule="seg.no-ack-bit-dropped")


def test_time_wait_text() -> None:
    """Ignored (seventh step), or a RST (SHLD-3: new data after CLOSE); "it MUST linger in the TIME-WAIT state"."""
    reset = ("T18", "R seq 2", TIME_WAIT)
    found = expect(time_wait(), seg("P.", 2, 2, 5), silent("T18"), acked("T18"), reset, rule="timewait.data-ignored")
    assert {r.next.rcv_nxt for r in found} == {T + 2}


def test_time_wait_syn_with_rst_is_a_rst() -> None:
    expect(time_wait(), seg("SR", OLD), ("F3", "", TIME_WAIT))


def test_old_text_that_ends_at_rcv_nxt_is_no_fin() -> None:
    """3.10.7.4 first: it lies outside the window, and is acknowledged; only the FIN again starts 2MSL anew."""
    expect(time_wait(), seg("P.", -3, 2, 5), ("F4", ". seq 2 ack 2", TIME_WAIT), rule="timewait.old-segment-acked")


def test_a_syn_exactly_half_the_space_away_with_a_timestamp_may_pass_for_old() -> None:
    """Section 3.4: neither before nor behind; where RFC 6191 has no timestamp to compare with, numbers decide."""
    found = arrives(time_wait(), seg("S", 2 + 2**31, options=stamped(5)))
    assert {r.next.state for r in found} == {TIME_WAIT, SYN_RECEIVED}
    assert any(r.reply is None for r in found)
