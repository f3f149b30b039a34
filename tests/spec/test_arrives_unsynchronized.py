"""CLOSED, LISTEN and SYN-SENT: RFC 9293 sections 3.10.7.1 to 3.10.7.3, row by row of the decision tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.spec.arrives import arrives
from probe.spec.reaction import permitted
from probe.spec.segment import ACK, MSS, RST, WSCALE, Option, Segment
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import (
    BUILDERS,
    GRANTED,
    P,
    T,
    closed,
    established,
    expect,
    listen,
    reply_text,
    seg,
    stamped,
    syn_sent,
)

CLOSED, LISTEN, SYN_SENT = State.CLOSED, State.LISTEN, State.SYN_SENT
SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT = State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT

# -- before any state (section 3.1) ------------------------------------------------------------------------------------


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("flags", ["S", ".", "R", "F.", "P.", "S."])
def test_any_state_wrong_checksum(builder: type, flags: str) -> None:
    block = builder()
    expect(block, seg(flags, faults=("checksum",)), ("Z1", "", block.state), rule="hdr.checksum-checked")


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("flags", ["S", ".", "F.", "P."])
def test_any_state_illegal_option(builder: type, flags: str) -> None:
    """MUST-7: drop, reset, or go on without the option (row Z4)."""
    block = builder()
    broken = seg(flags, options=(Option(MSS, b"", "length 0"),))
    found = arrives(block, broken)
    assert [r.row for r in found[:2]] == ["Z4", "Z4"]
    assert found[0].reply is None
    assert found[0].next == block
    assert found[2:] == arrives(block, seg(flags))


@pytest.mark.parametrize(
    ("block", "segment", "numbers"),
    [
        (closed(), seg("S"), "R. seq 0 ack 2"),
        (closed(), seg(".", 1, 5), "R seq 5"),
        (listen(), seg("S", length=3), "R. seq 0 ack 5"),
        (established(snd_nxt=P + 11), seg("P.", 1, 1, 4), "R seq 11 or 1"),
    ],
)
def test_an_illegal_option_is_refused_with_the_numbers_of_any_reset(block: Tcb, segment: Segment, numbers: str) -> None:
    """Section 3.5.2: who has no connection takes them from the segment, who has one may take its own, too."""
    found = arrives(block, replace(segment, options=(Option(MSS, b"", "length 0"),)))
    assert reply_text(found[1].reply) == numbers


def test_a_refusal_that_does_the_same_is_known_by_its_numbers() -> None:
    """3.5.3: in SYN-SENT a RST counts by its ACK field, "in all states except SYN-SENT" by SEQ."""
    to_syn, to_ack = (arrives(closed(), segment)[0].reply for segment in (seg("S"), seg(".", 1, 5)))
    assert to_syn is not None
    assert to_ack is not None
    refused = Segment(P + 7, T + 2, RST | ACK)
    assert to_syn.refuses_as(refused)
    for other in (replace(refused, ack=T + 3), replace(refused, flags=RST), replace(refused, flags=ACK)):
        assert not to_syn.refuses_as(other)
    assert to_ack.refuses_as(Segment(P + 5, flags=RST))
    assert to_ack.refuses_as(Segment(P + 5, T + 9, RST | ACK))
    for other in (Segment(P + 6, flags=RST), Segment(P + 5, T + 1, ACK)):
        assert not to_ack.refuses_as(other)


@pytest.mark.parametrize("builder", BUILDERS)
def test_any_state_illegal_option_on_a_rst_draws_no_reset(builder: type) -> None:
    """A RST never draws a reply (RFC 9293 section 3.5.2), broken options or not."""
    found = arrives(builder(), seg("R", options=(Option(MSS, b"", "length 0"),)))
    assert not any(r.reply for r in found)


@pytest.mark.parametrize("builder", BUILDERS)
def test_any_state_unknown_option(builder: type) -> None:
    """MUST-6: an unknown option with a length changes nothing (row Z5)."""
    unknown = seg("P.", length=4, options=(Option(253, b"ab"),), reserved=5)
    assert [(r.row, r.reply, r.next) for r in arrives(builder(), unknown)] == [
        (r.row, r.reply, r.next) for r in arrives(builder(), seg("P.", length=4))
    ]


# -- CLOSED ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", ["R", "R.", "SR", "FR", "SFR."])
def test_closed_rst(flags: str) -> None:
    expect(closed(), seg(flags), ("C1", "", CLOSED), rule="closed.rst-silent")


@pytest.mark.parametrize(
    ("flags", "length", "ack", "rule"),
    [
        ("S", 0, 1, "closed.syn-refused"),
        ("S", 9, 10, "closed.seglen-counts"),
        ("SF", 0, 2, "closed.seglen-counts"),
        ("SF", 9, 11, "closed.seglen-counts"),
        ("F", 0, 1, "closed.seglen-counts"),
        ("-", 0, 0, "closed.seglen-counts"),
        ("P", 9, 9, "closed.seglen-counts"),
    ],
)
def test_closed_without_ack(flags: str, length: int, ack: int, rule: str) -> None:
    """SEQ 0 is absolute; SYN and FIN count one each (section 3.5.2 group 1)."""
    expect(closed(), seg(flags, 0, length=length), ("C2", f"R. seq 0 ack {ack}", CLOSED), rule=rule)


@pytest.mark.parametrize("flags", [".", "S.", "F.", "P.", "SF."])
def test_closed_with_ack(flags: str) -> None:
    (found,) = expect(closed(), seg(flags, 5, 77), ("C3", "R seq 77", CLOSED), rule="closed.ack-rst-seq")
    assert found.reply is not None
    # The RFC writes it without ACK; with the flag it "must carry current acknowledgment information" (3.8).
    sent = seg(flags, 5, 77)
    rst = Segment(P + 77, flags=RST)
    assert found.reply.matches(rst)
    assert found.reply.matches(replace(rst, flags=RST | ACK, ack=sent.end))
    assert not found.reply.matches(replace(rst, flags=RST | ACK, ack=sent.end + 1))
    assert found.reply.refuses_as(replace(rst, flags=RST | ACK, ack=sent.end + 1))
    assert not found.reply.refuses_as(replace(rst, seq=P + 78))


def test_closed_syn_on_a_listening_port_is_listen() -> None:
    """A deleted connection's port still listens, so its next SYN meets LISTEN (row A2, note)."""
    expect(closed(listening=True), seg("S", 0), ("L4", "S. ack 1", SYN_RECEIVED), rule="open.listen-syn-synack")
    expect(closed(listening=True), seg(".", 5, 7), ("L2", "R seq 7", CLOSED), rule="listen.ack-gets-rst")
    expect(closed(listening=True), seg("F"), ("L5", "", CLOSED))


# -- LISTEN ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", ["R", "R.", "SR", "SR.", "FR"])
def test_listen_rst(flags: str) -> None:
    expect(listen(), seg(flags), ("L1", "", LISTEN), rule="listen.rst-ignored")


@pytest.mark.parametrize("flags", [".", "S.", "F.", "P.", "SF."])
def test_listen_ack(flags: str) -> None:
    expect(listen(), seg(flags, 3, 9, 4), ("L2", "R seq 9", LISTEN), rule="listen.ack-gets-rst")


@pytest.mark.parametrize("flags", ["F", "-", "PU", "FP"])
def test_listen_no_syn_no_ack_no_rst(flags: str) -> None:
    expect(listen(), seg(flags, length=3), ("L5", "", LISTEN), rule="listen.no-syn-ack-rst-dropped")


def test_listen_syn() -> None:
    syn = seg("S", 0, window=GRANTED)
    due = ("L4", "S. ack 1", SYN_RECEIVED)
    expect(listen(), syn, due, rule="open.listen-syn-synack", irs=0, rcv_nxt=1, passive=True, snd_wnd=GRANTED, iss=None)


def test_listen_syn_notes_options() -> None:
    options = (Option(WSCALE, b"\x07"), *stamped(500))
    due = ("L4", "S. ack 1", SYN_RECEIVED)
    expect(listen(), seg("S", 0, options=options), due, offer_scale=7, offer_timestamps=True, ts_recent=500)


def test_listen_syn_with_data() -> None:
    """The octets may be queued, dropped, or (Fast Open) acknowledged at once: t+1 up to t+1+n."""
    due = ("L4", "S. ack 1..11", SYN_RECEIVED)
    expect(listen(), seg("S", 0, length=10), due, due, rule="syndata.handshake-works", rcv_nxt=1)


def test_listen_syn_with_fin() -> None:
    """The FIN on a SYN is only queued, not acknowledged; or it is left out (3.10.7.2 third: "should be queued")."""
    due = ("L4", "S. ack 1", SYN_RECEIVED)
    found = expect(listen(), seg("SF", 0), due, due, rule="listen.syn-fin", rcv_nxt=1, fin_received=False)
    assert {r.next.held for r in found} == {(), ((T + 1, T + 1, True),)}


def test_listen_syn_with_text_and_fin() -> None:
    due = ("L4", "S. ack 1..6", SYN_RECEIVED)
    found = expect(listen(), seg("SF", 0, length=5), due, due, due, rcv_nxt=1)
    assert {r.next.held for r in found} == {(), ((T + 1, T + 6, False),), ((T + 1, T + 6, True),)}


def test_listen_syn_at_the_wrap() -> None:
    (found,) = arrives(listen(), seg("S", 2))
    assert found.next.rcv_nxt == 0
    assert found.reply is not None
    assert found.reply.ack == 0


def test_syn_sent_crossing_syn_with_text_and_fin() -> None:
    """3.10.7.3 fourth: "queue them for processing after the ESTABLISHED state has been reached"."""
    due = ("S7", "S. seq 0 ack 1", SYN_RECEIVED)
    found = expect(syn_sent(), seg("SF", 0, length=5), due, due, due, rcv_nxt=1, passive=False)
    assert {r.next.held for r in found} == {(), ((T + 1, T + 6, False),), ((T + 1, T + 6, True),)}


# -- SYN-SENT ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ack", [0, -1, -1000, 2, 100])
def test_syn_sent_unacceptable_ack_with_rst(ack: int) -> None:
    due = ("S1", "", SYN_SENT)
    expect(syn_sent(), seg("R.", 0, ack), due, rule="active.rst-bad-ack-ignored")


@pytest.mark.parametrize("flags", [".", "S.", "F.", "SF."])
@pytest.mark.parametrize("ack", [0, -1, 2, 100])
def test_syn_sent_unacceptable_ack(flags: str, ack: int) -> None:
    due = ("S2", f"R seq {ack}", SYN_SENT)
    expect(syn_sent(), seg(flags, 0, ack), due, rule="active.unacceptable-ack-rst")


def test_syn_sent_rst_acknowledging_the_syn() -> None:
    refused = seg("R.", 3, 1)
    assert refused.seq == 0
    expect(syn_sent(), refused, ("S3", "", CLOSED), rule="active.rst-ack-refused", listening=False)


@pytest.mark.parametrize("flags", ["R", "SR"])
def test_syn_sent_rst_without_ack(flags: str) -> None:
    expect(syn_sent(), seg(flags, 0), ("S4", "", SYN_SENT), rule="active.rst-without-ack-ignored")


def test_syn_sent_syn_ack() -> None:
    due = ("S6", "ack 1 later", ESTABLISHED)
    expect(syn_sent(), seg("S.", 0), due, rule="active.synack-acked", rcv_nxt=1, irs=0, snd_una=1, snd_wnd=8192)


def test_syn_sent_syn_ack_with_data() -> None:
    """3.10.7.3 fourth: "continue processing at the sixth step"; the separate ACK of the SYN "some ... suppress"."""
    apart, at_once = ("S6", "ack 1 later", ESTABLISHED), ("S6", "ack 6 later", ESTABLISHED)
    found = expect(syn_sent(), seg("S.", 0, length=5), at_once, apart, apart, rcv_nxt=6)
    assert {r.rule for r in found} == {"active.synack-with-data"}
    (left,) = [r for r in permitted(found, "rfc9293") if r.next.rcv_nxt == T + 1]
    assert left.rest == seg(".", 1, length=5)
    assert [r.against for r in found if r not in permitted(found, "rfc9293")] == ["active.synack-with-data"]


def test_syn_sent_syn_ack_with_fin() -> None:
    due, apart = ("S6", "ack 2 later", CLOSE_WAIT), ("S6", "ack 1 later", ESTABLISHED)
    expect(syn_sent(), seg("SF.", 0), due, apart, apart, rcv_nxt=2, fin_received=True)
    expect(syn_sent(), seg("SF.", 0, length=5), ("S6", "ack 7 later", CLOSE_WAIT), apart, apart, rcv_nxt=7)


def test_syn_sent_syn_ack_scales_windows_only_when_both_offer() -> None:
    scaled = seg("S.", 0, options=(Option(WSCALE, b"\x03"),))
    due = ("S6", "ack 1 later", ESTABLISHED)
    expect(syn_sent(offer_scale=7), scaled, due, snd_shift=3, rcv_shift=7)
    expect(syn_sent(), scaled, due, snd_shift=0, rcv_shift=0)
    expect(syn_sent(offer_scale=7), seg("S.", 0), due, snd_shift=0, rcv_shift=0)


def test_syn_sent_syn_ack_negotiates_timestamps() -> None:
    due = ("S6", "ack 1 later", ESTABLISHED)
    expect(syn_sent(offer_timestamps=True), seg("S.", 0, options=stamped(9)), due, timestamps=True, ts_recent=9)
    expect(syn_sent(), seg("S.", 0, options=stamped(9)), due, timestamps=False)


def test_syn_sent_syn() -> None:
    """Simultaneous open: SYN,ACK with the ISS already in use (MUST-10, Figure 7)."""
    due = ("S7", "S. seq 0 ack 1", SYN_RECEIVED)
    expect(syn_sent(), seg("S", 0), due, rule="simopen.syn-in-synsent", passive=False, rcv_nxt=1, snd_una=0, snd_nxt=1)


@pytest.mark.parametrize(("flags", "length"), [(".", 0), ("P.", 5), ("F.", 0), ("F", 0), ("-", 0), ("P", 5)])
def test_syn_sent_neither_syn_nor_rst(flags: str, length: int) -> None:
    due = ("S8", "", SYN_SENT)
    expect(syn_sent(), seg(flags, 0, 1, length), due, rule="active.good-ack-without-syn-dropped")


def test_syn_sent_ack_of_data_on_the_syn() -> None:
    """SND.NXT lies beyond ISS+1 when the SYN carried text: both numbers are acceptable."""
    for ack in (1, 6):
        due = ("S6", "ack 1 later", ESTABLISHED)
        expect(syn_sent(snd_nxt=P + 6), seg("S.", 0, ack), due, snd_una=ack)
    expect(syn_sent(snd_nxt=P + 6), seg("S.", 0, 7), ("S2", "R seq 7", SYN_SENT))


@pytest.mark.parametrize("builder", [closed, listen, syn_sent])
def test_refused_input_leaves_the_block_unchanged(builder: type) -> None:
    block = builder()
    for flags in ("R", "-", "F", "P"):
        for reaction in arrives(block, seg(flags, 0)):
            assert reaction.next == block
    assert T < P
