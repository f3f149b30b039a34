"""What each excuse covers, and what lies just beside it: single conditions, by the text that they stand for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.engine.belief import excused
from probe.engine.belief.hypothesis import Hypothesis, disclosed
from probe.engine.belief.numbers import Numbers
from probe.engine.belief.tracker import LISTENING, Memory, Terms
from probe.spec.arrives import arrives
from probe.spec.segment import Segment
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import P, T, closed, established, listen, seg, syn_received


@pytest.mark.parametrize(
    ("flags", "seq", "length", "window", "bare"),
    [
        ("F.", 1, 0, 0, True),
        ("F.", 1, 0, 10, False),  # the window is open
        ("F.", 2, 0, 0, False),  # a gap
        ("FP.", 1, 3, 0, False),  # text needs room
        ("SF.", 1, 0, 0, False),
        ("FR.", 1, 0, 0, False),
    ],
)
def test_a_bare_fin_at_a_closed_window(flags: str, seq: int, length: int, window: int, bare: bool) -> None:
    assert excused.bare_fin(established(rcv_wnd=window), seg(flags, seq, 1, length)) is bare


def test_a_stray_rst_does_no_harm_where_there_is_nothing_to_refuse() -> None:
    """It "is ignored" in CLOSED and LISTEN; but to a SYN of ours that is under way it would be the refusal."""
    rst, syn = Segment(P + 1, T + 1, seg("R.").flags), seg("S", 0)
    for block in (closed(), listen()):
        assert excused.harmless(Hypothesis(block), rst)
        assert not excused.harmless(Hypothesis(block, inflight=((0, syn),)), rst)
        for odd in ("SR.", "FR."):
            assert not excused.harmless(Hypothesis(block), replace(rst, flags=seg(odd).flags))
    assert not excused.harmless(Hypothesis(established()), replace(rst, seq=established().snd_nxt))


@pytest.mark.parametrize(
    ("flags", "seq", "ack", "length", "tells"),
    [
        (".", 11, 21, 0, True),  # <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
        (".", 10, 21, 0, False),
        (".", 11, 20, 0, False),
        ("P.", 11, 21, 1, False),
        ("F.", 11, 21, 0, False),
        ("-", 11, 21, 0, False),
        ("S.", 0, 1, 0, True),  # the SYN,ACK again, as it was or with what came since
        ("S.", 0, 21, 0, True),
        ("S.", 0, 2, 0, False),
        ("S.", 1, 1, 0, False),
        ("S", 0, 1, 0, False),
    ],
)
def test_what_tells_nothing_but_what_is_known_does_no_harm(
    flags: str, seq: int, ack: int, length: int, tells: bool
) -> None:
    segment = Segment(P + seq, T + ack, seg(flags).flags, length=length)
    block = established(snd_nxt=P + 11, rcv_nxt=T + 21)
    assert excused.harmless(Hypothesis(block), segment) is tells
    assert excused.harmless(Hypothesis(replace(block, state=State.SYN_RECEIVED)), segment) is tells
    assert not excused.harmless(Hypothesis(replace(block, state=State.SYN_SENT)), segment)


def test_what_a_cookie_brings_back_belongs_to_a_listener() -> None:
    """Where the connection ends, the next SYN meets LISTEN (3.10.7.2)."""
    numbers = Numbers()
    numbers.canonical(seg("S", 0), True)
    numbers.canonical(Segment(P, T + 1, seg("S.").flags), False)
    cookie = numbers.canonical(seg(".", 1, 1), True)
    found = list(excused.with_cookies(Hypothesis(Tcb(State.LISTEN, listening=True), inflight=((0, cookie),)), arrives))
    assert found
    assert all(h.tcb.listening and h.tcb.state is State.ESTABLISHED for h in found)


def test_only_a_syn_discloses_an_iss() -> None:
    half_open = syn_received(iss=None)
    assert disclosed(half_open, Segment(P, T + 1, seg("S.").flags)).iss == P
    assert disclosed(half_open, Segment(P + 1, T + 1, seg(".").flags)).iss is None


@pytest.mark.parametrize(("flags", "seq", "draws"), [("S", 0, False), (".", 1, False), ("R", 1, False)])
def test_a_port_that_listens_draws_no_bare_ack(flags: str, seq: int, draws: bool) -> None:
    """3.10.7.1, 3.10.7.2: SYN,ACK, RST, or nothing."""
    memory = Memory()
    sight = Numbers().sight(seg(flags, seq), True)
    assert memory.draws_bare_ack(memory.begin(LISTENING, Terms()), sight) is draws


def test_an_open_connection_draws_a_bare_ack_by_what_lies_outside() -> None:
    memory, numbers = Memory(), Numbers()
    point = memory.begin(LISTENING, Terms())
    for segment, to_peer in (
        (seg("S", 0), True),
        (Segment(P, T + 1, seg("S.").flags, 1000), False),
        (seg(".", 1), True),
    ):
        point = memory.after(point, numbers.sight(segment, to_peer))
    point = memory.after(point, None)
    assert memory.draws_bare_ack(point, numbers.sight(seg("P.", -9, 1, 3), True))
    assert not memory.draws_bare_ack(point, numbers.sight(seg("P.", 1, 1, 3), True))
    assert not memory.draws_bare_ack(point, numbers.sight(seg("R", -9), True))
