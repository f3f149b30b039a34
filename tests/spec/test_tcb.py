"""The block of one end: the acceptability test of RFC 9293 section 3.4, windows, and what a RST leaves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probe.spec.segment import ACK, FIN, SYN, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import BUILDERS, P, T, established, listen, seg, stamped, syn_received

bases = st.sampled_from([0, 5, 2**31 - 3, 2**31, 2**32 - 7, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@given(bases, st.integers(-20, 40), st.integers(0, 12), st.sampled_from([0, SYN, FIN, SYN | FIN]), st.integers(0, 16))
def test_acceptability_against_counting_the_numbers(
    base: int, offset: int, length: int, flags: int, window: int
) -> None:
    """Four cases (Table 5): an empty segment by its number, any other by its first or last number."""
    tcb = Tcb(State.ESTABLISHED, rcv_nxt=Seq(base), rcv_wnd=window)
    segment = Segment(Seq(base) + offset, flags=flags | ACK, length=length)
    room = {(base + i) % 2**32 for i in range(window)}
    taken = [(base + offset + i) % 2**32 for i in range(segment.seg_len)]
    if not taken:
        expected = (base + offset) % 2**32 in room or (window == 0 and offset == 0)
    else:
        expected = taken[0] in room or taken[-1] in room
    assert tcb.acceptable(segment) is expected


def test_a_segment_larger_than_the_window_around_it_is_refused_by_the_letter() -> None:
    """Neither its first nor its last number lies in the window, though its middle does."""
    assert not established(rcv_wnd=4).acceptable(seg("P.", 0, length=9))


@given(bases, st.integers(0, 5000), st.integers(0, 8000))
def test_advancing_keeps_the_right_edge(base: int, window: int, step: int) -> None:
    moved = Tcb(State.ESTABLISHED, rcv_nxt=Seq(base), rcv_wnd=window).advanced(Seq(base) + step)
    assert moved.rcv_nxt == (base + step) % 2**32
    assert moved.rcv_wnd == max(0, window - step)


@given(bases, st.integers(0, 1000), st.integers(-1000, 1000))
def test_sending_never_moves_snd_nxt_back(base: int, sent: int, end: int) -> None:
    tcb = Tcb(State.ESTABLISHED, snd_nxt=Seq(base) + sent)
    assert tcb.sent_up_to(Seq(base) + end).snd_nxt - Seq(base) == max(sent, end)


def test_a_rst_leaves_listen_only_to_a_passive_half_open_connection() -> None:
    assert syn_received().reset() == (listen(),)
    for build in BUILDERS:
        if build is not syn_received:
            assert [block.state for block in build().reset()] == [State.CLOSED]
    assert [block.state for block in syn_received(passive=False).reset()] == [State.CLOSED]
    assert established().reset()[0].listening


def test_window_is_scaled_except_on_a_syn() -> None:
    tcb = established(rcv_shift=7)
    assert tcb.with_window_from(seg(".", window=100)).rcv_wnd == 12_800
    assert tcb.with_window_from(seg("S.", window=100)).rcv_wnd == 100


def test_ts_recent_never_goes_back() -> None:
    tcb = established(timestamps=True, ts_recent=2**32 - 1)
    assert tcb.taking_ack(seg(".", options=stamped(3))).ts_recent == 3
    assert tcb.taking_ack(seg(".", options=stamped(2**32 - 5))).ts_recent == 2**32 - 1
    assert established(ts_recent=8).taking_ack(seg(".", options=stamped(9))).ts_recent == 8
    assert tcb.irs == T


def test_the_send_window_comes_from_acks_that_are_acceptable() -> None:
    """3.10.7.4 fifth: "If SND.UNA =< SEG.ACK =< SND.NXT, the send window should be updated", by newer segments."""
    tcb = established(snd_una=P + 5, snd_nxt=P + 11, max_snd_wnd=500, snd_wnd=500)
    fresh = tcb.taking_ack(seg(".", 1, 7, window=800))
    assert (fresh.snd_una, fresh.snd_wnd, fresh.max_snd_wnd) == (P + 7, 800, 800)
    smaller = tcb.taking_ack(seg(".", 1, 5, window=100))
    assert (smaller.snd_una, smaller.snd_wnd, smaller.max_snd_wnd) == (P + 5, 100, 500)
    for old in (seg(".", 2, 4, window=800), seg(".", 0, 11, window=800)):  # acknowledges less; was sent before SND.WL1
        assert (tcb.taking_ack(old).snd_wnd, tcb.taking_ack(old).max_snd_wnd) == (500, 500)
    assert tcb.taking_ack(seg(".", 0, 11, window=800)).snd_una == P + 11


def test_the_window_of_a_syn_is_never_scaled() -> None:
    """RFC 7323 section 2.2."""
    assert established(snd_shift=7).taking_ack(seg("S.", window=100)).snd_wnd == 100
    assert established(snd_shift=7).taking_ack(seg(".", window=100)).snd_wnd == 12_800
