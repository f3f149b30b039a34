"""Text and FIN in the synchronized states: RFC 9293 section 3.10.7.4, fifth to eighth step, rows E, W, V, K, G, A."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.spec.arrives import arrives
from probe.spec.reaction import permitted
from probe.spec.segment import Segment
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import (
    WINDOW,
    P,
    T,
    close_wait,
    closing,
    established,
    expect,
    fin_wait_1,
    fin_wait_2,
    last_ack,
    seg,
)

ESTABLISHED, CLOSED, CLOSE_WAIT, CLOSING = State.ESTABLISHED, State.CLOSED, State.CLOSE_WAIT, State.CLOSING
FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, TIME_WAIT = State.FIN_WAIT_1, State.FIN_WAIT_2, State.LAST_ACK, State.TIME_WAIT

# -- ESTABLISHED -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [".", ".U", "P.", ".EW"])
def test_established_pure_ack(flags: str) -> None:
    expect(established(), seg(flags), ("E2", "", ESTABLISHED), rule="seg.pure-ack-silent", rcv_nxt=1)


def test_established_ack_beyond_a_gap() -> None:
    """Looked at, or held "for later processing" with its ACK field; dropped, with an ACK or not, against SHLD-31."""
    sent = established(snd_nxt=P + 11)
    silent, acked = ("E2", "", ESTABLISHED), ("E2", ". seq 11 ack 1", ESTABLISHED)
    found = expect(sent, seg(".", 6, 11), silent, silent, acked, acked)
    told = {(r.reply is None, r.against, r.next.snd_una - P) for r in found}
    held = "seg.out-of-order-held"
    assert told == {(True, "", 11), (True, "", 1), (False, held, 11), (False, held, 1)}
    assert [r.against for r in expect(sent, seg(".", 1, 11), silent)] == [""]


def test_established_text() -> None:
    due = ("E3", "ack 11 later", ESTABLISHED)
    expect(established(), seg("P.", length=10), due, rule="ack.under-half-second", rcv_nxt=11, rcv_wnd=WINDOW - 10)


def test_established_text_across_the_wrap() -> None:
    (found,) = arrives(established(), seg("P.", length=3))
    assert found.next.rcv_nxt == 1
    assert found.reply is not None
    assert found.reply.ack == 1


def test_established_text_partly_received_before() -> None:
    """Of a segment that straddles RCV.NXT only the new octets count."""
    due = ("E3", "ack 6 later", ESTABLISHED)
    expect(established(), seg("P.", -2, length=8), due, rule="seg.overlap-trimmed", rcv_nxt=6)


def test_established_text_beyond_the_right_edge_is_trimmed() -> None:
    due = ("E3", f"ack {WINDOW + 1} later", ESTABLISHED)
    expect(established(), seg("P.", length=WINDOW + 50), due, rcv_nxt=WINDOW + 1, rcv_wnd=0)


def test_established_fin_beyond_the_right_edge_is_trimmed() -> None:
    due = ("E3", f"ack {WINDOW + 1} later", ESTABLISHED)
    expect(established(), seg("FP.", length=WINDOW), due, rcv_nxt=WINDOW + 1, fin_received=False)
    expect(established(), seg("FP.", length=WINDOW - 1), ("E6", f"ack {WINDOW + 1} later", CLOSE_WAIT))


def test_established_text_after_a_gap() -> None:
    acked, silent = ("E4", ". seq 1 ack 1", ESTABLISHED), ("E4", "", ESTABLISHED)
    found = expect(
        established(), seg("P.", 6, length=5), acked, acked, silent, silent, rule="seg.out-of-order-held", rcv_nxt=1
    )
    assert {r.next.held for r in found} == {(), ((T + 6, T + 11, False),)}


def test_established_gap_filled() -> None:
    held = established(held=((T + 6, T + 11, False),))
    expect(held, seg("P.", 1, length=5), ("E3", "ack 11 later", ESTABLISHED), rcv_nxt=11, held=())


def test_established_gap_filled_in_part() -> None:
    held = established(held=((T + 6, T + 11, False),))
    expect(held, seg("P.", 1, length=3), ("E3", "ack 4 later", ESTABLISHED), rcv_nxt=4, held=((T + 6, T + 11, False),))


def test_established_two_gaps() -> None:
    """Filling the first gap must not forget what lies beyond the second."""
    held = established(held=((T + 6, T + 11, False), (T + 21, T + 31, False)))
    due = ("E3", "ack 11 later", ESTABLISHED)
    expect(held, seg("P.", 1, length=5), due, rcv_nxt=11, held=((T + 21, T + 31, False),))


@pytest.mark.parametrize(
    ("flags", "seq", "length", "after"),
    [
        ("P.", 11, 5, ((6, 16, False), (21, 25, True))),  # touches on its right
        ("P.", 3, 3, ((3, 11, False), (21, 25, True))),  # on its left
        ("P.", 8, 2, ((6, 11, False), (21, 25, True))),  # was held before
        ("P.", 12, 4, ((6, 11, False), (12, 16, False), (21, 25, True))),  # a gap on either side
        ("P.", 2, 2, ((2, 4, False), (6, 11, False), (21, 25, True))),
        ("P.", 11, 10, ((6, 25, True),)),  # fills the gap between two
        ("P.", 4, 30, ((4, 34, False),)),  # goes on behind a FIN: where the text ends there is none
        ("FP.", 11, 4, ((6, 15, True), (21, 25, True))),
        ("FP.", 22, 3, ((6, 11, False), (21, 25, True))),  # the FIN again
        ("FP.", 8, 2, ((6, 11, False), (21, 25, True))),  # a FIN within text that is held
    ],
)
def test_what_is_held_is_joined_where_it_touches(
    flags: str, seq: int, length: int, after: tuple[tuple[int, int, bool], ...]
) -> None:
    """Section 3.4: only what lies between has not been received, and the FIN is the last number of its sender."""
    held = established(held=((T + 6, T + 11, False), (T + 21, T + 25, True)))
    found = {r.next.held: r.against for r in arrives(held, seg(flags, seq, length=length))}
    kept = tuple((T + first, T + last, fin) for first, last, fin in after)
    assert found == {held.held: "seg.out-of-order-held", kept: ""}  # not to hold it is advised against (SHLD-31)


@pytest.mark.parametrize(
    ("flags", "length", "taken", "left"),
    [
        ("P.", 10, ("E3", "ack 11 later", ESTABLISHED), ((21, 25, True),)),  # up to the end of what is held, no FIN
        ("P.", 7, ("E3", "ack 11 later", ESTABLISHED), ((21, 25, True),)),
        ("P.", 20, ("E6", "ack 26 later", CLOSE_WAIT), ()),
        ("P.", 24, ("E6", "ack 26 later", CLOSE_WAIT), ()),  # up to the FIN that is held
        ("FP.", 10, ("E6", "ack 12 later", CLOSE_WAIT), ()),
        ("P.", 30, ("E3", "ack 31 later", ESTABLISHED), ()),
    ],
)
def test_text_in_order_goes_up_to_what_arrived(
    flags: str, length: int, taken: tuple[str, str, State], left: tuple[tuple[int, int, bool], ...]
) -> None:
    held = established(held=((T + 6, T + 11, False), (T + 21, T + 25, True)))
    (found,) = expect(held, seg(flags, 1, length=length), taken)
    assert found.next.held == tuple((T + first, T + last, fin) for first, last, fin in left)


def test_established_fin() -> None:
    due = ("E6", "ack 2 later", CLOSE_WAIT)
    expect(established(), seg("F."), due, rule="close.fin-acked", rcv_nxt=2, fin_received=True)


def test_established_fin_with_text() -> None:
    expect(established(), seg("FP.", length=10), ("E6", "ack 12 later", CLOSE_WAIT), rule="close.fin-with-data")


def test_established_fin_with_text_received_before() -> None:
    expect(established(), seg("FP.", -4, length=5), ("E6", "ack 2 later", CLOSE_WAIT), rcv_nxt=2)


def test_established_fin_after_a_gap() -> None:
    acked, silent = ("E5", ". seq 1 ack 1", ESTABLISHED), ("E5", "", ESTABLISHED)
    found = expect(established(), seg("F.", 6), acked, acked, silent, silent, rule="close.fin-out-of-order")
    assert {r.next.fin_received for r in found} == {False}


def test_established_fin_held_until_the_gap_is_filled() -> None:
    held = established(held=((T + 6, T + 6, True),))
    expect(held, seg("P.", 1, length=5), ("E6", "ack 7 later", CLOSE_WAIT), rcv_nxt=7, fin_received=True)


# -- FIN-WAIT-1: the peer's FIN is at P+1 ------------------------------------------------------------------------------


def test_fin_wait_1_ack_that_does_not_cover_the_fin() -> None:
    expect(fin_wait_1(), seg(".", 1, 1), ("E2", "", FIN_WAIT_1), snd_una=1)


def test_fin_wait_1_ack_of_text_before_the_fin() -> None:
    sent = fin_wait_1(snd_nxt=P + 12)
    expect(sent, seg(".", 1, 11), ("E2", "", FIN_WAIT_1), snd_una=11)
    expect(sent, seg(".", 1, 12), ("W2", "", FIN_WAIT_2), snd_una=12)


def test_fin_wait_1_ack_of_the_fin() -> None:
    expect(fin_wait_1(), seg(".", 1, 2), ("W2", "", FIN_WAIT_2), rule="aclose.fin-acked-stops", snd_una=2)


def test_fin_wait_1_text() -> None:
    """Taken; or, after a full close, a RST at SND.NXT or SEG.ACK (SHLD-3)."""
    taken, reset = ("W3", "ack 6 later", FIN_WAIT_1), ("W3", "R seq 2 or 1", CLOSED)
    expect(fin_wait_1(), seg("P.", 1, 1, 5), taken, reset, rule="aclose.data-in-finwait1", rcv_nxt=6)


def test_fin_wait_1_text_and_ack_of_the_fin() -> None:
    expect(fin_wait_1(), seg("P.", 1, 2, 5), ("W3", "ack 6 later", FIN_WAIT_2), ("W3", "R seq 2", CLOSED), snd_una=2)


def test_fin_wait_1_fin() -> None:
    due = ("W4", "ack 2 later", CLOSING)
    expect(fin_wait_1(), seg("F.", 1, 1), due, rule="simclose.fin-acked", rcv_nxt=2, snd_una=1)


def test_fin_wait_1_fin_and_ack_of_the_fin() -> None:
    due = ("W5", "ack 2 later", TIME_WAIT)
    expect(fin_wait_1(), seg("F.", 1, 2), due, rule="aclose.fin-and-ack-together", rcv_nxt=2, snd_una=2)


def test_fin_wait_1_fin_with_text() -> None:
    expect(fin_wait_1(), seg("FP.", 1, 1, 5), ("W4", "ack 7 later", CLOSING), ("W3", "R seq 2 or 1", CLOSED))


@pytest.mark.parametrize(("ack", "states"), [(1, [FIN_WAIT_1]), (2, [FIN_WAIT_2, FIN_WAIT_1])])
def test_fin_wait_1_fin_after_a_gap(ack: int, states: list[State]) -> None:
    """A FIN behind a gap tells of text that a closed user will not read: a RST is as good as for the text itself.

    It is "held for later processing": its ACK of our FIN may be taken at once, or wait with the rest.
    """
    due = [("E5", reply, state) for state in states for reply in 2 * (". seq 2 ack 1", "")]
    resets = [("W3", f"R seq 2{_or(ack)}", CLOSED) for _ in states]
    expect(fin_wait_1(), seg("F.", 6, ack), *due, *resets)


def _or(ack: int) -> str:
    return "" if ack == 2 else f" or {ack}"


# -- FIN-WAIT-2 --------------------------------------------------------------------------------------------------------


def test_fin_wait_2_pure_ack() -> None:
    expect(fin_wait_2(), seg(".", 1, 2), ("V2", "", FIN_WAIT_2), rule="seg.pure-ack-silent")


def test_fin_wait_2_text() -> None:
    taken, reset = ("V3", "ack 6 later", FIN_WAIT_2), ("V3", "R seq 2", CLOSED)
    expect(fin_wait_2(), seg("P.", 1, 2, 5), taken, reset, rule="aclose.halfclose-receives", rcv_nxt=6)


def test_fin_wait_2_text_after_a_gap() -> None:
    acked, silent, reset = ("E4", ". seq 2 ack 1", FIN_WAIT_2), ("E4", "", FIN_WAIT_2), ("V3", "R seq 2", CLOSED)
    expect(fin_wait_2(), seg("P.", 6, 2, 5), acked, acked, silent, silent, reset)


def test_fin_wait_2_fin() -> None:
    due = ("V4", "ack 2 later", TIME_WAIT)
    expect(fin_wait_2(), seg("F.", 1, 2), due, rule="aclose.finwait2-fin", rcv_nxt=2, fin_received=True)


def test_fin_wait_2_fin_after_a_gap() -> None:
    acked, silent, reset = ("E5", ". seq 2 ack 1", FIN_WAIT_2), ("E5", "", FIN_WAIT_2), ("V3", "R seq 2", CLOSED)
    expect(fin_wait_2(), seg("F.", 6, 2), acked, acked, silent, silent, reset)


# -- CLOSE-WAIT, CLOSING, LAST-ACK: the tester's FIN was at T+1 --------------------------------------------------------


def test_close_wait_pure_ack() -> None:
    expect(close_wait(), seg(".", 2, 1), ("K2", "", CLOSE_WAIT), rule="seg.pure-ack-silent")


def test_close_wait_ack_of_the_peers_text() -> None:
    expect(close_wait(snd_nxt=P + 101), seg(".", 2, 101), ("K2", "", CLOSE_WAIT), snd_una=101)


def test_close_wait_text_after_the_fin() -> None:
    silent, acked = ("K3", "", CLOSE_WAIT), ("K3", ". seq 1 ack 2", CLOSE_WAIT)
    found = expect(close_wait(), seg("P.", 2, 1, 5), silent, acked, rule="close.data-after-fin-ignored")
    assert {r.next.rcv_nxt for r in found} == {T + 2}


def test_close_wait_second_fin() -> None:
    """Read literally, the eighth step moves RCV.NXT over it: not a thing to judge (row K4)."""
    silent, acked, moved = (
        ("K4", "", CLOSE_WAIT),
        ("K4", ". seq 1 ack 2", CLOSE_WAIT),
        ("K4", ". seq 1 ack 3", CLOSE_WAIT),
    )
    found = expect(close_wait(), seg("F.", 2, 1), silent, acked, moved)
    assert {r.level for r in found} == {"MAY"}


def test_closing_ack_of_the_fin() -> None:
    expect(closing(), seg(".", 2, 2), ("G2", "", TIME_WAIT), rule="simclose.ends-in-timewait", snd_una=2)


def test_closing_ack_that_does_not_cover_the_fin() -> None:
    expect(closing(), seg(".", 2, 1), ("G3", "", CLOSING), rule="simclose.fin-still-retransmitted", snd_una=1)


# RFC 9293 section 3.10.7.4 first: "If a segment's contents straddle the boundary between old and new, only the new
# parts are processed"; eighth: "advance RCV.NXT over the FIN, and send an acknowledgment for the FIN ... Remain in".
@pytest.mark.parametrize("segment", [seg("F.", 2, 1), seg("FP.", -6, 1, 8)], ids=["bare", "behind old text"])
@pytest.mark.parametrize("block", [close_wait(), closing(), last_ack()], ids=lambda b: b.state.value)
def test_a_second_fin_is_what_is_left_of_its_segment(block: Tcb, segment: Segment) -> None:
    sent = block.snd_nxt - P
    acks = [("K4", f". seq {sent} ack {number}", block.state) for number in (2, 3)]
    expect(block, segment, ("K4", "", block.state), *acks, rule="close.fin-retransmit-reacked")


def test_a_second_fin_behind_a_gap_moves_nothing() -> None:
    """First step: processed "only if the segment then begins at RCV.NXT"; it tells of text as well (SHLD-3)."""
    expect(close_wait(), seg("F.", 5, 1), ("K4", "", CLOSE_WAIT), ("K4", ". seq 1 ack 2", CLOSE_WAIT))
    stays = ("K4", "", CLOSING), ("K4", ". seq 2 ack 2", CLOSING)
    expect(closing(), seg("F.", 5, 1), *stays, ("K4", "R seq 2 or 1", CLOSED))


# Section 3.6.1: "if new data is received after CLOSE is called, its TCP implementation SHOULD send a RST" (SHLD-3). The
# user of an end in CLOSING or LAST-ACK has called CLOSE, that of one in CLOSE-WAIT has not.
@pytest.mark.parametrize("segment", [seg("P.", 2, 1, 5), seg("P.", -3, 1, 10)], ids=["new", "over the FIN"])
@pytest.mark.parametrize("block", [closing(), last_ack()], ids=lambda b: b.state.value)
def test_text_after_the_fin_and_after_close(block: Tcb, segment: Segment) -> None:
    ignored = ("K3", "", block.state), ("K3", ". seq 2 ack 2", block.state)
    found = expect(block, segment, *ignored, ("K3", "R seq 2 or 1", CLOSED), rule="close.data-after-fin-ignored")
    assert {r.next.rcv_nxt for r in found if r.next.state is not CLOSED} == {T + 2}


def test_old_text_after_close_is_nothing_new() -> None:
    expect(last_ack(), seg("P.", -6, 1, 8), ("F4", ". seq 2 ack 2", LAST_ACK))


def test_last_ack_ack_of_the_fin() -> None:
    expect(last_ack(), seg(".", 2, 2), ("A2", "", CLOSED), rule="close.lastack-closed", listening=True, iss=None)


def test_last_ack_ack_that_does_not_cover_the_fin() -> None:
    expect(last_ack(), seg(".", 2, 1), ("A3", "", LAST_ACK), rule="close.lastack-wrong-ack", rcv_nxt=2)


def test_last_ack_ack_of_text_before_the_fin() -> None:
    expect(last_ack(snd_nxt=P + 12), seg(".", 2, 11), ("A3", "", LAST_ACK), snd_una=11)


@pytest.mark.parametrize("block", [established(), fin_wait_1(), fin_wait_2()], ids=lambda b: b.state.value)
def test_syn_just_below_the_window_with_text_may_be_trimmed(block: Tcb) -> None:
    """Row F6: without RFC 5961 the SYN is cut off and the text counts; with it the segment is challenged."""
    segment = seg("SP.", 0, block.snd_nxt - P, 5)
    taken = [r for r in permitted(arrives(block, segment), "rfc793") if r.next.rcv_nxt == T + 6]
    assert taken
    old = permitted(arrives(block, replace(segment, ack=block.snd_una - 2**20)), "rfc793")
    assert not any(r.row == "F8" for r in old)  # MAY-12 is a mitigation of RFC 5961, trimmed or not
    assert {r.row for r in permitted(arrives(block, segment), "rfc5961")} == {"F6"}


@pytest.mark.parametrize(("block", "row", "after"), [(last_ack(), "A2", CLOSED), (closing(), "G2", TIME_WAIT)])
def test_the_ack_of_a_fin_beyond_a_gap_may_wait_with_its_segment(block: Tcb, row: str, after: State) -> None:
    """It is "held for later processing" (3.10.7.4 first), and nothing comes any more that fills the gap."""
    found = {(r.next.state, r.reply is None) for r in arrives(block, seg(".", 102, 2)) if not r.against}
    assert found == {(after, True), (block.state, True)}
    assert {r.row for r in arrives(block, seg(".", 2, 2))} == {row}


def test_an_ack_of_what_was_never_sent_waits_as_well_beyond_a_gap() -> None:
    found = [r for r in arrives(established(), seg(".", 102, 9)) if not r.against]
    assert {(r.row, r.reply is None) for r in found} == {("F9", False), ("E2", True)}
