"""Calls and timers: what each state may send unasked (RFC 9293 sections 3.10.1 to 3.10.8), and what none may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.calls import ABORT, CLOSE, KEEPALIVE, OPEN, REPEAT, RETRANSMIT, SEND, UPDATE, emitted
from probe.spec.segment import Segment, parse_flags
from probe.spec.seq import Seq
from probe.spec.states import SYNCHRONIZED as SYNCHRONIZED_STATES
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import (
    BUILDERS,
    SYNCHRONIZED,
    WINDOW,
    P,
    T,
    close_wait,
    closed,
    closing,
    established,
    fin_wait_1,
    fin_wait_2,
    last_ack,
    listen,
    syn_received,
    syn_sent,
    time_wait,
)
from tests.helpers.sending import call_segment

each_block = pytest.mark.parametrize("block", [build() for build in BUILDERS], ids=lambda block: block.state.value)


def out(flags: str, seq: int, ack: int = 1, length: int = 0, window: int = WINDOW) -> Segment:
    """A segment of the peer: distances from P and T."""
    bits = parse_flags(flags)
    return Segment(P + seq, T + ack if "." in flags else Seq(0), bits, window, length)


def said(block: Tcb, segment: Segment) -> list[tuple[str, State]]:
    return [(emission.call, emission.next.state) for emission in emitted(block, segment)]


@pytest.mark.parametrize("block", [closed(), listen()])
def test_active_open(block: Tcb) -> None:
    (found,) = emitted(block, out("S", 0, length=5))
    assert found.call == OPEN
    after = found.next
    assert (after.state, after.passive, after.iss, after.snd_una) == (State.SYN_SENT, False, P, P)
    assert after.snd_nxt == P + 6
    assert after.listening is block.listening


def test_syn_again_keeps_the_isn() -> None:
    assert said(syn_sent(), out("S", 0)) == [(RETRANSMIT, State.SYN_SENT)]
    assert said(syn_sent(), out("S", 1)) == []


@pytest.mark.parametrize("build", [syn_received, *SYNCHRONIZED])
def test_no_syn_from_an_open_connection(build: type) -> None:
    assert said(build(), out("S", 0)) == []


def test_syn_ack_again_while_it_is_not_acknowledged() -> None:
    assert said(syn_received(), out("S.", 0)) == [(RETRANSMIT, State.SYN_RECEIVED)]
    assert said(syn_received(), out("S.", 1)) == []
    assert said(syn_received(), out("S.", 0, 2)) == []
    assert said(syn_sent(), replace(out("S.", 0), ack=syn_sent().rcv_nxt)) == []  # there is no SYN to acknowledge yet
    for build in SYNCHRONIZED:
        assert said(build(), out("S.", 0, build().rcv_nxt - T)) == []


def test_syn_ack_again_after_a_close_in_syn_received() -> None:
    """The FIN leaves SYN-RECEIVED behind, the SYN,ACK stays on the queue (section 3.10.4)."""
    (closing_,) = emitted(syn_received(), out("F.", 1))
    assert (closing_.call, closing_.next.state) == (CLOSE, State.FIN_WAIT_1)
    assert said(closing_.next, out("S.", 0)) == [(RETRANSMIT, State.FIN_WAIT_1)]
    assert call_segment(closing_.next, RETRANSMIT) == out("S.", 0)


@pytest.mark.parametrize("block", [established(), close_wait()])
def test_send_and_close(block: Tcb) -> None:
    taken = block.rcv_nxt - T
    after_close = State.LAST_ACK if block.state is State.CLOSE_WAIT else State.FIN_WAIT_1
    assert said(block, out("P.", 1, taken, 10)) == [(SEND, block.state)]
    assert said(block, out("F.", 1, taken)) == [(CLOSE, after_close)]
    assert said(block, out("FP.", 1, taken, 10)) == [(CLOSE, after_close)]
    (found,) = emitted(block, out("FP.", 1, taken, 10))
    assert found.next.snd_nxt == P + 12


@pytest.mark.parametrize(
    ("sent", "room", "text", "states"),
    [
        (0, WINDOW, 0, [State.LAST_ACK]),
        (0, WINDOW, 10, [State.LAST_ACK]),  # nothing holds text back: it was sent after the tester's FIN
        (5, WINDOW, 0, [State.LAST_ACK]),  # no text waited, so no FIN did
        (5, WINDOW, 10, [State.LAST_ACK, State.CLOSING]),
        (5, 5, 0, [State.LAST_ACK, State.CLOSING]),
        (0, 0, 0, [State.LAST_ACK, State.CLOSING]),
    ],
)
def test_a_close_may_have_waited_since_before_the_other_fin(
    sent: int, room: int, text: int, states: list[State]
) -> None:
    """ "Queue this until all preceding SENDs have been segmentized ... In any case, enter FIN-WAIT-1" (3.10.4)."""
    block = replace(established(), snd_nxt=P + 1 + sent, snd_wnd=room)
    (reaction,) = arrives(block, Segment(T + 1, P + 1, parse_flags("F."), room))
    assert reaction.next.state is State.CLOSE_WAIT
    last = out("FP." if text else "F.", 1 + sent, 2, text)
    assert [state for _, state in said(reaction.next, last)] == states


@pytest.mark.parametrize(("seq", "ack"), [(2, 1), (1, 0), (1, 2), (50, 1)])
@pytest.mark.parametrize("flags", ["P.", "F."])
def test_gap_or_wrong_acknowledgment_is_no_call(flags: str, seq: int, ack: int) -> None:
    assert said(established(), out(flags, seq, ack, 5)) == []


@pytest.mark.parametrize("flags", ["P", "F", "-"])
@each_block
def test_nothing_goes_without_the_ack_flag(block: Tcb, flags: str) -> None:
    """Section 3.8: every segment but SYN and RST carries a current acknowledgment."""
    assert said(block, out(flags, block.snd_nxt - P, length=3)) == []
    at_zero = replace(block, rcv_nxt=Seq(0))  # where the field of a segment without the flag would be right by chance
    assert said(at_zero, out(flags, block.snd_nxt - P, length=3)) == []


@pytest.mark.parametrize("flags", [".", "P.", "F."])
@pytest.mark.parametrize("block", [closed(), listen(), syn_sent()], ids=lambda block: block.state.value)
def test_nothing_but_a_syn_goes_before_there_is_a_connection(block: Tcb, flags: str) -> None:
    """3.10.2, 3.10.4: text of a SEND waits for ESTABLISHED, and a CLOSE sends nothing."""
    for segment in (out(flags, 0), out(flags, 0, length=3)):
        assert said(block, replace(segment, seq=block.snd_nxt, ack=block.rcv_nxt)) == []


def test_text_of_a_send_in_syn_received_waits() -> None:
    """3.10.2: "Queue the data for transmission after entering the ESTABLISHED state"; a FIN may go (3.10.4)."""
    assert said(syn_received(), out("P.", 1, length=10)) == []
    assert said(syn_received(), out("FP.", 1, length=10)) == []
    assert said(syn_received(), out("F.", 1)) == [(CLOSE, State.FIN_WAIT_1)]


@pytest.mark.parametrize("block", [fin_wait_1(), fin_wait_2(), closing(), last_ack(), time_wait()])
def test_no_text_and_no_second_fin_after_the_fin(block: Tcb) -> None:
    taken = block.rcv_nxt - T
    assert said(block, out("P.", 2, taken, 5)) == []
    assert said(block, out("F.", 2, taken)) == []


@pytest.mark.parametrize("block", [fin_wait_1(), closing(), last_ack()])
def test_fin_again_while_it_is_not_acknowledged(block: Tcb) -> None:
    taken = block.rcv_nxt - T
    assert said(block, out("F.", 1, taken)) == [(RETRANSMIT, block.state)]
    assert call_segment(block, RETRANSMIT) == out("F.", 1, taken, window=block.rcv_wnd)
    assert said(block, out("P.", 1, taken, 1)) == []  # the FIN's number is no octet


@pytest.mark.parametrize("block", [fin_wait_2(), time_wait()])
def test_fin_not_again_once_it_is_acknowledged(block: Tcb) -> None:
    assert said(block, out("F.", 1, block.rcv_nxt - T)) == []
    assert call_segment(block, RETRANSMIT) is None


def test_text_again_with_and_without_the_fin() -> None:
    block = fin_wait_1(snd_nxt=P + 12)
    assert said(block, out("P.", 1, 1, 10)) == [(RETRANSMIT, State.FIN_WAIT_1)]
    assert said(block, out("FP.", 1, 1, 10)) == [(RETRANSMIT, State.FIN_WAIT_1)]
    assert said(block, out("FP.", 1, 1, 9)) == []
    assert said(established(snd_nxt=P + 11), out("FP.", 1, 1, 9)) == []  # the FIN where the last octet of text was
    assert said(close_wait(snd_nxt=P + 11), out("F.", 10, 2)) == []
    again = call_segment(block, RETRANSMIT)
    assert again is not None
    assert (again.seq, again.length, again.end) == (P + 1, 10, P + 12)


@pytest.mark.parametrize("build", [fin_wait_1, closing, last_ack])
def test_a_segment_of_which_only_the_text_is_acknowledged_comes_again_whole(build: Callable[..., Tcb]) -> None:
    """Only what is acknowledged entirely leaves the retransmission queue (3.10.7.4 fifth); lwIP sends it again so."""
    block = build(snd_una=P + 11, snd_nxt=P + 12)
    taken = block.rcv_nxt - T
    assert said(block, out("FP.", 1, taken, 10)) == [(RETRANSMIT, block.state)]
    assert said(block, out("FP.", 5, taken, 6)) == [(RETRANSMIT, block.state)]
    assert said(block, out("F.", 11, taken)) == [(RETRANSMIT, block.state)]
    assert said(block, out("P.", 1, taken, 10)) == []  # acknowledged entirely
    assert said(block, out("FP.", 1, taken, 9)) == []  # the FIN at another number
    assert said(block, out("FP.", 0, taken, 11)) == []  # text where the SYN was
    assert said(block, out("FP.", 1, taken + 1, 10)) == []
    answered = replace(block, snd_una=P + 12)
    assert said(answered, out("FP.", 1, taken, 10)) == []


@pytest.mark.parametrize(
    "block", [syn_received(), established(), fin_wait_1(), fin_wait_2(), close_wait()], ids=lambda b: b.state.value
)
def test_abort_sends_a_rst(block: Tcb) -> None:
    sent, taken = block.snd_nxt - P, block.rcv_nxt - T
    for segment in (out("R", sent), out("R.", sent, taken)):
        assert said(block, segment) == [(ABORT, State.CLOSED)]
    assert said(block, out("R", sent - 1)) == []
    assert said(block, out("R.", sent, taken + 1)) == []
    assert said(block, out("SR", sent)) == said(block, out("FR", sent)) == []  # <SEQ=SND.NXT><CTL=RST>
    assert call_segment(block, ABORT) == Segment(block.snd_nxt, flags=parse_flags("R"))


@pytest.mark.parametrize("block", [closing(), last_ack()], ids=lambda b: b.state.value)
def test_a_rst_where_abort_sends_none(block: Tcb) -> None:
    """3.10.5 sends nothing, 3.5.2: a user "can issue a reset on a connection at any time"."""
    assert said(block, out("R", 2)) == said(block, out("R.", 2, 2)) == [(ABORT, State.CLOSED)]
    assert said(block, out("R", 1)) == said(block, out("R.", 2, 3)) == []
    assert call_segment(block, ABORT) is None


@pytest.mark.parametrize("block", [closed(), listen(), syn_sent(), time_wait()])
def test_abort_is_silent_elsewhere(block: Tcb) -> None:
    assert said(block, out("R", block.snd_nxt - P)) == []
    assert call_segment(block, ABORT) is None


def test_empty_ack_is_a_window_update_or_needs_an_excuse() -> None:
    assert said(established(), out(".", 1, window=WINDOW + 500)) == [(UPDATE, State.ESTABLISHED)]
    assert said(established(), out(".", 1)) == [(REPEAT, State.ESTABLISHED)]
    assert said(established(), out(".", 0)) == [(KEEPALIVE, State.ESTABLISHED)]
    assert said(established(), out("P.", 0, length=1)) == [(KEEPALIVE, State.ESTABLISHED)]
    outstanding = established(snd_nxt=P + 11)  # 3.8.4: "MUST only be sent when no sent data is outstanding" (MUST-26)
    assert said(outstanding, out(".", 10)) == []
    assert said(time_wait(), out(".", 2, 2)) == []
    assert said(time_wait(), out(".", 1, 2)) == []  # nobody is left to keep it alive for


@pytest.mark.parametrize(
    ("block", "segment"),
    [
        (syn_sent(), out("S", 0, window=7)),
        (syn_received(), out("S.", 0, window=7)),
        (established(snd_nxt=P + 11), out("P.", 1, length=10, window=7)),
        (established(), out(".", 1, window=7)),
        (established(), out(".", 0, window=7)),
        (established(), out("P.", 1, length=10, window=7)),
        (established(), out("F.", 1, window=7)),
    ],
    ids=lambda value: value.text(P, T) if isinstance(value, Segment) else value.state.value,
)
def test_every_segment_tells_the_window(block: Tcb, segment: Segment) -> None:
    """3.1: what "the sender of this segment is willing to accept", be it sent again or to keep alive."""
    assert {emission.next.rcv_wnd for emission in emitted(block, segment)} == {7}


@each_block
def test_what_a_call_sends_is_explained_by_that_call(block: Tcb) -> None:
    for call in (CLOSE, SEND, ABORT, RETRANSMIT):
        segment = call_segment(block, call, 10)
        if segment is not None:
            assert call in [emission.call for emission in emitted(block, segment)]


@each_block
def test_calls_move_along_the_diagram(block: Tcb) -> None:
    """Figure 5: the only moves that calls make, and what a user may call where."""
    moves = {
        (State.SYN_RECEIVED, CLOSE): State.FIN_WAIT_1,
        (State.ESTABLISHED, CLOSE): State.FIN_WAIT_1,
        (State.CLOSE_WAIT, CLOSE): State.LAST_ACK,
    }
    for flags in ("S", "S.", ".", "P.", "F.", "FP.", "R", "R."):
        for seq in range(-2, 4):
            for ack in range(4):
                for emission in emitted(block, out(flags, seq, ack, 2 if "P" in flags else 0)):
                    stays = State.SYN_SENT if emission.call == OPEN else block.state
                    gone = State.CLOSED if emission.call == ABORT else stays
                    assert emission.next.state is moves.get((block.state, emission.call), gone)
                    assert emission.clause.startswith("RFC 9293 3.")


def test_closed_names_both_halves() -> None:
    assert calls.closed(established()).state is State.FIN_WAIT_1
    assert calls.closed(close_wait()).state is State.LAST_ACK
    assert {build().state for build in SYNCHRONIZED} == SYNCHRONIZED_STATES
    assert replace(established()) == established()
