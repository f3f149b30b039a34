"""What all synchronized states have in common: RFC 9293 section 3.10.7.4, first to fifth step, rows F1 to F12."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.spec.arrives import arrives
from probe.spec.reaction import permitted, pure_ack
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import (
    GRANTED,
    SYNCHRONIZED,
    WINDOW,
    close_wait,
    closing,
    established,
    expect,
    fin_wait_1,
    fin_wait_2,
    last_ack,
    reply_text,
    seg,
    stamped,
    time_wait,
)

CLOSED = State.CLOSED
BUILT = [build() for build in SYNCHRONIZED]
each_state = pytest.mark.parametrize("block", BUILT, ids=lambda block: block.state.value)
NOT_TIME_WAIT = [block for block in BUILT if block.state is not State.TIME_WAIT]


def here(block: Tcb) -> tuple[int, int]:
    """The distances of SND.NXT and RCV.NXT: what an ACK of this end carries."""
    return block.snd_nxt - established().iss, block.rcv_nxt - established().irs  # type: ignore[operator]


def challenge(block: Tcb) -> str:
    sent, taken = here(block)
    return f". seq {sent} ack {taken}"


# -- timestamps (RFC 7323) ---------------------------------------------------------------------------------------------


@each_state
@pytest.mark.parametrize("flags", [".", "P.", "F.", "S."])
def test_older_timestamp(block: Tcb, flags: str) -> None:
    used = replace(block, timestamps=True, ts_recent=1000)
    old = seg(flags, here(block)[1], options=stamped(999))
    protected, *without = arrives(used, old)
    assert (protected.row, protected.rule, protected.next) == ("F1", "opt.paws-old-acked", used)
    assert protected.reply == pure_ack(block)
    # "If the PAWS algorithm is used" (RFC 7323 section 5.3): without it the timestamp decides nothing.
    unstamped = arrives(block, replace(old, options=()))
    assert [(r.row, r.reply, r.next.state) for r in without] == [(r.row, r.reply, r.next.state) for r in unstamped]


def test_older_timestamp_across_the_wrap() -> None:
    used = established(timestamps=True, ts_recent=5)
    passes = ("E2", "", State.ESTABLISHED)  # without PAWS
    expect(used, seg(".", options=stamped(2**32 - 5)), ("F1", ". seq 1 ack 1", State.ESTABLISHED), passes)
    used = established(timestamps=True, ts_recent=2**32 - 5)
    expect(used, seg(".", options=stamped(5)), ("E2", "", State.ESTABLISHED), ts_recent=5)


@each_state
def test_timestamp_of_a_rst_is_not_checked(block: Tcb) -> None:
    """RFC 7323 section 5.2."""
    used = replace(block, timestamps=True, ts_recent=1000)
    for options in ((), stamped(1)):
        found = arrives(used, seg("R", here(block)[1], options=options))
        assert CLOSED in {r.next.state for r in found}


def test_missing_timestamp_should_be_dropped_and_never_resets() -> None:
    """RFC 7323 3.2: "SHOULD silently drop the segment", "MUST NOT abort ... because any segment lacks" it."""
    used = established(timestamps=True, ts_recent=1000)
    dropped, acked = ("F2", "", State.ESTABLISHED), ("F2", ". seq 1 ack 1", State.ESTABLISHED)
    found = expect(used, seg("P.", length=5), dropped, acked, ("E3", "ack 6 later", State.ESTABLISHED))
    assert [reply_text(r.reply) for r in permitted(found, "rfc9293")] == [""]
    assert {r.against for r in found} == {"", "opt.ts-missing-dropped"}
    assert {r.row for r in permitted(arrives(used, seg("S", -5)), "rfc9293")} == {"F4"}


def test_timestamps_that_were_not_negotiated_are_ignored() -> None:
    expect(established(ts_recent=1000), seg(".", options=stamped(1)), ("E2", "", State.ESTABLISHED), ts_recent=1000)


# -- first step: the sequence number -----------------------------------------------------------------------------------


@each_state
@pytest.mark.parametrize("offset", [-1, -1000, WINDOW + 10, WINDOW + 2**20])
def test_rst_outside_the_window(block: Tcb, offset: int) -> None:
    rule = "timewait.rst-out-of-window" if block.state is State.TIME_WAIT else "rst.out-of-window-dropped"
    expect(block, seg("R", here(block)[1] + offset), ("F3", "", block.state), rule=rule)


@each_state
@pytest.mark.parametrize("flags", [".", "P.", "-", "P", "F.", "F"])
def test_beyond_the_window(block: Tcb, flags: str) -> None:
    segment = seg(flags, here(block)[1] + WINDOW + 2**20, length=4)
    expect(block, segment, ("F4", challenge(block), block.state))


@each_state
def test_live_probe(block: Tcb) -> None:
    sent, taken = here(block)
    rule = "timewait.old-segment-acked" if block.state is State.TIME_WAIT else "seg.below-window-empty"
    expect(block, seg(".", taken - 1, sent), ("F4", challenge(block), block.state), rule=rule)


@pytest.mark.parametrize("block", NOT_TIME_WAIT, ids=lambda block: block.state.value)
@pytest.mark.parametrize("flags", ["S", "S.", "SF"])
def test_syn_outside_the_window(block: Tcb, flags: str) -> None:
    due = ("F4", challenge(block), block.state)
    rule = "halfopen.syn-out-of-window" if block.state is State.ESTABLISHED else "synsync.closing-states"
    expect(block, seg(flags, -1000), due, rule=rule)
    again = "synsync.retransmitted-synack" if "." in flags else "synsync.retransmitted-syn"
    expect(block, seg(flags.replace("F", ""), 0), due, rule=again)


@pytest.mark.parametrize(
    ("block", "rule"),
    [
        (close_wait(), "close.fin-retransmit-reacked"),
        (closing(), "simclose.dup-fin-reacked"),
        (last_ack(), "close.fin-retransmit-reacked"),
    ],
)
def test_the_same_fin_again(block: Tcb, rule: str) -> None:
    expect(block, seg("F.", 1), ("F4", challenge(block), block.state), rule=rule)
    expect(block, seg("FP.", -4, length=5), ("F4", challenge(block), block.state), rule=rule)


def test_the_same_data_again() -> None:
    due = ("F4", ". seq 1 ack 1", State.ESTABLISHED)
    expect(established(), seg("P.", -4, length=5), due, rule="seg.old-duplicate-acked")
    expect(close_wait(), seg("P.", -4, length=5), ("F4", ". seq 1 ack 2", State.CLOSE_WAIT))


def test_zero_window_takes_an_empty_segment_at_rcv_nxt_only() -> None:
    shut = established(rcv_wnd=0)
    expect(shut, seg("."), ("E2", "", State.ESTABLISHED))
    for seq in (0, 2):
        expect(shut, seg(".", seq), ("F4", ". seq 1 ack 1", State.ESTABLISHED))


def test_zero_window_takes_a_rst_and_the_ack_field() -> None:
    """MUST-66: a RST counts "even when the receive window is zero", one with text, too (SHLD-2); so does the ACK."""
    expect(established(rcv_wnd=0), seg("R"), ("F5", "", CLOSED))
    expect(established(rcv_wnd=0), seg("R", length=3), ("F5", "", CLOSED), rule="rst.with-data")
    for seq in (0, 2):
        expect(established(rcv_wnd=0), seg("R", seq, length=3), ("F3", "", State.ESTABLISHED))
    sent = established(rcv_wnd=0, snd_nxt=established().snd_nxt + 10)
    plain = ("F4", ". seq 11 ack 1", State.ESTABLISHED)
    found = expect(sent, seg("P.", 1, 6, length=1), plain, plain)
    assert {r.next.snd_una - sent.snd_una for r in found} == {0, 5}
    assert {r.next.rcv_nxt for r in found} == {sent.rcv_nxt}


def test_zero_window_does_not_count_a_fin() -> None:
    expect(established(rcv_wnd=0), seg("F."), ("F4", ". seq 1 ack 1", State.ESTABLISHED), rcv_nxt=1)


# -- second step: RST --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", NOT_TIME_WAIT, ids=lambda block: block.state.value)
@pytest.mark.parametrize("flags", ["R", "R.", "SR", "FR."])
def test_rst_exact(block: Tcb, flags: str) -> None:
    rule = "rst.exact-resets" if block.state is State.ESTABLISHED else "rst.closing-states"
    (found,) = expect(block, seg(flags, here(block)[1], 999), ("F5", "", CLOSED), rule=rule)
    assert found.next.listening is block.listening


def test_rst_exact_with_data() -> None:
    expect(established(), seg("R", length=9), ("F5", "", CLOSED), rule="rst.with-data")


@pytest.mark.parametrize("block", NOT_TIME_WAIT, ids=lambda block: block.state.value)
@pytest.mark.parametrize("offset", [1, WINDOW - 1])
def test_rst_in_window_not_exact(block: Tcb, offset: int) -> None:
    block = replace(block, rcv_wnd=WINDOW)
    due, classic = ("F5", challenge(block), block.state, "rfc5961"), ("F5", "", CLOSED, "classic")
    segment = seg("R", here(block)[1] + offset)
    expect(block, segment, due, classic, rule="rst.in-window-challenge")
    assert len(permitted(arrives(block, segment), "rfc9293")) == 2
    assert [r.next.state for r in permitted(arrives(block, segment), "rfc793")] == [CLOSED]
    assert [r.next.state for r in permitted(arrives(block, segment), "rfc5961")] == [block.state]


def test_rst_of_which_only_the_tail_is_in_the_window() -> None:
    """Outside by the number it carries, inside by what trimming leaves of it: either may be meant."""
    dropped, classic = ("F5", "", State.ESTABLISHED, "rfc5961"), ("F5", "", CLOSED, "classic")
    expect(established(), seg("R", -3, length=10), dropped, ("F5", ". seq 1 ack 1", *dropped[2:]), classic)


def test_rst_in_time_wait() -> None:
    """Second step: "enter the CLOSED state"; fix F1 of RFC 1337 ignores it, by custom."""
    closes, ignores = ("T11", "", CLOSED), ("T11", "", State.TIME_WAIT)
    found = expect(time_wait(), seg("R", 2), closes, ignores, rule="timewait.rst")
    assert [r.next.state for r in permitted(found, "rfc9293")] == [CLOSED]
    assert [r.next.state for r in found if r.against == "timewait.rst"] == [State.TIME_WAIT]
    challenged, classic = ("T11", ". seq 2 ack 2", State.TIME_WAIT, "rfc5961"), ("T11", "", CLOSED, "classic")
    expect(time_wait(), seg("R", 3), challenged, classic, ignores)


# -- fourth step: SYN --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", NOT_TIME_WAIT, ids=lambda block: block.state.value)
@pytest.mark.parametrize("flags", ["S", "S.", "SF", "SP."])
@pytest.mark.parametrize("offset", [0, 10, 900])
def test_syn_in_the_window(block: Tcb, flags: str, offset: int) -> None:
    due = ("F6", challenge(block), block.state, "rfc5961")
    sent = here(block)[0]
    seqs = f"{sent}" if "." not in flags or sent == 1 else f"{sent} or 1"
    if "." not in flags:
        found = arrives(block, seg(flags, here(block)[1] + offset))
        assert [(r.row, r.next.state, r.only) for r in found] == [
            ("F6", block.state, "rfc5961"),
            ("F6", CLOSED, "classic"),
        ]
        return
    reset = ("F6", f"R seq {seqs}", CLOSED, "classic")
    rule = "synsync.in-window" if block.state is State.ESTABLISHED else "synsync.closing-states"
    expect(block, seg(flags, here(block)[1] + offset), due, reset, rule=rule)


def test_syn_in_the_window_may_draw_a_rst_of_any_known_form() -> None:
    """No format is given for it: SND.NXT, or the SEQ of section 3.5.2 group 1."""
    (reset,) = (r for r in arrives(established(), seg("S")) if r.only == "classic")
    assert reset.reply is not None
    assert {int(seq) for seq in reset.reply.seqs} == {int(established().snd_nxt), 0}
    assert set(reset.reply.acks) == {established().rcv_nxt, established().rcv_nxt + 1}


# -- fifth step: ACK ---------------------------------------------------------------------------------------------------


@each_state
@pytest.mark.parametrize(("flags", "length"), [("-", 0), ("P", 5), ("F", 0), ("FP", 5)])
def test_no_ack_bit(block: Tcb, flags: str, length: int) -> None:
    rule = "close.fin-without-ack-dropped" if "F" in flags else "seg.no-ack-bit-dropped"
    expect(block, seg(flags, here(block)[1], length=length), ("F7", "", block.state), rule=rule)


@each_state
@pytest.mark.parametrize("ahead", [1, 1000, 2**30])
def test_ack_of_what_was_never_sent(block: Tcb, ahead: int) -> None:
    sent, taken = here(block)
    dues = [("F9", challenge(block), block.state)]
    if block.state in {State.LAST_ACK, State.TIME_WAIT}:
        dues.append(("F9", "", block.state))
    expect(block, seg("P.", taken, sent + ahead, 3), *dues, rule="seg.ack-of-unsent")


def test_ack_far_below_the_range_of_may_12() -> None:
    """The optional check acknowledges and drops; without it the text is taken."""
    check, taken = ("F8", ". seq 1 ack 1", State.ESTABLISHED, "rfc5961"), ("E3", "ack 6 later", State.ESTABLISHED)
    block = established(iss=established().snd_una - 2**20)
    expect(block, seg("P.", 1, -GRANTED, 5), check, taken)
    expect(block, seg("P.", 1, 1 - GRANTED, 5), taken, rcv_nxt=6)


def test_ack_from_before_the_first_number() -> None:
    """What no ACK ever acknowledged may be refused like one that is too old, though MAY-12 would let it pass."""
    check, taken = ("F8", ". seq 1 ack 1", State.ESTABLISHED, "rfc5961"), ("E3", "ack 6 later", State.ESTABLISHED)
    expect(established(), seg("P.", 1, 0, 5), check, taken)
    expect(established(), seg("P.", 1, 1, 5), taken)


def test_ack_of_all_sent_moves_snd_una_and_the_window() -> None:
    sent = established(snd_nxt=established().snd_nxt + 20)
    due = ("E2", "", State.ESTABLISHED)
    expect(sent, seg(".", 1, 11, window=77), due, snd_una=11, snd_wnd=77, snd_wl2=11, max_snd_wnd=GRANTED)
    expect(sent, seg(".", 1, 1, window=77), due, snd_una=1, snd_wnd=77)


def test_duplicate_ack_is_ignored_and_the_text_counts() -> None:
    old = seg("P.", 1, -5, 5, window=77)
    expect(
        established(iss=established().snd_una - 100),
        old,
        ("E3", "ack 6 later", State.ESTABLISHED),
        snd_una=1,
        snd_wnd=GRANTED,
    )


def test_ack_half_the_space_away_moves_nothing() -> None:
    """Neither older nor newer: where it is not refused, it is ignored."""
    check, silent = ("F8", ". seq 1 ack 1", State.ESTABLISHED, "rfc5961"), ("E2", "", State.ESTABLISHED)
    reactions = expect(established(), seg(".", 1, 1 + 2**31), check, silent)
    assert {r.next.snd_una for r in reactions} == {established().snd_una}


def test_window_is_not_taken_from_an_older_segment() -> None:
    block = established(snd_wl1=established().rcv_nxt + 5)
    expect(block, seg(".", 1, window=77), ("E2", "", State.ESTABLISHED), snd_wnd=GRANTED)


def test_window_is_scaled_outside_syns() -> None:
    expect(established(snd_shift=3), seg(".", window=100), ("E2", "", State.ESTABLISHED), snd_wnd=800)


@each_state
def test_unacceptable_segments_never_draw_a_rst(block: Tcb) -> None:
    """RFC 9293 section 3.5.2 group 3."""
    sent, taken = here(block)
    for segment in (seg("P.", taken - 50, sent, 3), seg(".", taken, sent + 9), seg("S", taken - 50)):
        replies = {reply_text(r.reply) for r in arrives(block, segment)}
        assert not any(text.startswith("R") for text in replies)


@each_state
def test_refused_input_leaves_the_block_unchanged(block: Tcb) -> None:
    sent, taken = here(block)
    refused = [seg("R", taken - 1), seg(".", taken - 1), seg("-", taken), seg(".", taken, sent + 1)]
    for segment in refused:
        assert {r.next for r in arrives(block, segment)} == {block}


def test_builders_hold_what_the_diagram_says() -> None:
    assert [b.state for b in BUILT] == [b().state for b in (established, fin_wait_1, fin_wait_2, *SYNCHRONIZED[3:])]
    assert [b.fin_acked for b in BUILT] == [True, False, True, True, False, False, True]
