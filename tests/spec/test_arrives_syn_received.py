"""SYN-RECEIVED: RFC 9293 section 3.10.7.4, rows R1 to R10, for a passive and an active origin (MUST-11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.spec.arrives import arrives
from probe.spec.reaction import permitted
from probe.spec.states import State
from tests.helpers.blocks import GRANTED, WINDOW, T, expect, reply_text, seg, stamped, syn_received

LISTEN, CLOSED, SYN_RECEIVED = State.LISTEN, State.CLOSED, State.SYN_RECEIVED
ESTABLISHED, CLOSE_WAIT = State.ESTABLISHED, State.CLOSE_WAIT
ACK = ". seq 1 ack 1"
both_origins = pytest.mark.parametrize("passive", [True, False], ids=["passive", "active"])


@both_origins
@pytest.mark.parametrize("seq", [0, 1 + WINDOW, 1 + WINDOW + 2**20, -1000])
def test_syn_received_rst_outside_the_window(passive: bool, seq: int) -> None:
    due = ("R1", "", SYN_RECEIVED)
    expect(syn_received(passive=passive), seg("R", seq), due, rule="open.rst-out-of-window-ignored")


@both_origins
def test_syn_received_same_syn_again(passive: bool) -> None:
    """The letter of the sequence test, or the SYN,ACK from the retransmission queue with the same ISS."""
    letter, queue = ("R2", ACK, SYN_RECEIVED), ("R2", "S. seq 0 ack 1", SYN_RECEIVED)
    expect(syn_received(passive=passive), seg("S", 0), letter, queue, rule="open.dup-syn-in-synrcvd")


def test_syn_received_same_syn_with_data_reaching_into_the_window() -> None:
    """Octets in the window make the segment acceptable, but its SYN is trimmed (first step): never LISTEN."""
    letter, queue = ("R2", ACK, SYN_RECEIVED), ("R2", "S. seq 0 ack 1", SYN_RECEIVED)
    expect(syn_received(), seg("S", 0, length=10), letter, queue, ("R7", "", SYN_RECEIVED))


def test_syn_received_syn_ack_with_data_of_a_simultaneous_open() -> None:
    due = ("R3", "", ESTABLISHED), ("R3", ACK, ESTABLISHED), ("R3", ACK, SYN_RECEIVED)
    expect(syn_received(passive=False), seg("S.", 0, length=5), ("E3", "ack 6 later", ESTABLISHED), *due, rcv_nxt=6)


def test_syn_received_syn_ack_of_a_simultaneous_open() -> None:
    """Figure 7 establishes, the sequence test refuses (Appendix A.2): both stand."""
    silent, acked = ("R3", "", ESTABLISHED), ("R3", ACK, ESTABLISHED)
    refused = ("R3", ACK, SYN_RECEIVED)
    block = syn_received(passive=False)
    expect(block, seg("S.", 0), silent, acked, refused, rule="simopen.completes", snd_una=1)


def test_syn_received_syn_ack_with_passive_origin_is_unacceptable() -> None:
    expect(syn_received(), seg("S.", 0), ("R4", ACK, SYN_RECEIVED))


@pytest.mark.parametrize("ack", [0, 2])
def test_syn_received_syn_ack_with_a_wrong_ack(ack: int) -> None:
    dues = ("R4", ACK, SYN_RECEIVED), ("R4", f"R seq {ack}", SYN_RECEIVED)
    expect(syn_received(passive=False), seg("S.", 0, ack), *dues)


@both_origins
@pytest.mark.parametrize("seq", [1 + WINDOW, 1 + WINDOW + 2**20, -1000])
def test_syn_received_syn_outside_the_window(passive: bool, seq: int) -> None:
    due = ("R4", ACK, SYN_RECEIVED)
    expect(syn_received(passive=passive), seg("S", seq), due, rule="open.syn-out-of-window-synrcvd")


@pytest.mark.parametrize("flags", [".", "P.", "F.", "F", "-"])
def test_syn_received_segment_outside_the_window(flags: str) -> None:
    due = ("R4", ACK, SYN_RECEIVED)
    expect(syn_received(), seg(flags, 1 + WINDOW + 2**20), due, rule="open.seq-out-of-window-acked")


@both_origins
@pytest.mark.parametrize("ack", [0, 2, -1000])
@pytest.mark.parametrize("flags", [".", "P.", "F."])
def test_syn_received_wrong_ack_outside_the_window(passive: bool, flags: str, ack: int) -> None:
    """Section 3.10.7.4 acknowledges, for it looks at SEG.SEQ first; section 3.5.2 group 2 resets: both may be meant."""
    dues = ("R4", ACK, SYN_RECEIVED), ("R4", f"R seq {ack}", SYN_RECEIVED)
    expect(syn_received(passive=passive), seg(flags, 1 + WINDOW + 2**20, ack), *dues)


def test_syn_received_syn_ack_in_the_window_with_a_wrong_ack() -> None:
    dues = ("R6", "", LISTEN), ("R6", "R seq 2", SYN_RECEIVED)
    expect(syn_received(), seg("S.", 5, 2), *dues)


def test_syn_received_live_probe() -> None:
    expect(syn_received(), seg(".", 0), ("R4", ACK, SYN_RECEIVED))


def test_syn_received_rst_exact() -> None:
    due = ("R5", "", LISTEN)
    expect(syn_received(), seg("R"), due, rule="open.rst-returns-to-listen", listening=True, iss=None)
    expect(syn_received(passive=False, listening=False), seg("R"), ("R5", "", CLOSED), rule="simopen.rst-refuses")


@both_origins
@pytest.mark.parametrize("seq", [2, WINDOW])
def test_syn_received_rst_in_window_not_exact(passive: bool, seq: int) -> None:
    classic = ("R5", "", LISTEN if passive else CLOSED, "classic")
    due = ("R5", ACK, SYN_RECEIVED, "rfc5961")
    expect(syn_received(passive=passive), seg("R", seq), due, classic, rule="open.rst-in-window-challenged")


@pytest.mark.parametrize("flags", ["S", "S.", "SF"])
@pytest.mark.parametrize("seq", [1, 7, WINDOW])
def test_syn_received_syn_in_the_window(flags: str, seq: int) -> None:
    """Passive origin: no answer, back to LISTEN."""
    due = ("R6", "", LISTEN)
    expect(syn_received(), seg(flags, seq), due, rule="open.new-syn-in-window-synrcvd", listening=True)


def test_syn_received_syn_in_the_window_active_origin() -> None:
    """Active origin: as in the synchronized states (row F6)."""
    challenge, reset = ("F6", ACK, SYN_RECEIVED, "rfc5961"), ("F6", "R seq 1", CLOSED, "classic")
    expect(syn_received(passive=False), seg("S.", 5), challenge, reset)


@pytest.mark.parametrize(("flags", "length"), [("-", 0), ("P", 5), ("F", 0), ("PFU", 5)])
def test_syn_received_no_ack_bit(flags: str, length: int) -> None:
    due = ("R7", "", SYN_RECEIVED)
    expect(syn_received(), seg(flags, length=length), due, rule="open.no-ack-bit-dropped")


def test_syn_received_ack_of_the_iss_itself() -> None:
    """Inside the range of MAY-12, so only the RST fits."""
    expect(syn_received(), seg(".", 1, 0), ("R10", "R seq 0", SYN_RECEIVED), rule="open.unacceptable-ack-rst")


@pytest.mark.parametrize("ack", [2, 1000, -GRANTED - 1, -(2**30)])
def test_syn_received_ack_outside_the_range(ack: int) -> None:
    check, without = ("R8", ACK, SYN_RECEIVED, "rfc5961"), ("R10", f"R seq {ack}", SYN_RECEIVED)
    expect(syn_received(), seg(".", 1, ack), check, without, rule="open.unacceptable-ack-rst")


def test_syn_received_ack_at_the_edge_of_the_range() -> None:
    expect(syn_received(), seg(".", 1, -GRANTED), ("R10", f"R seq {-GRANTED}", SYN_RECEIVED))


@both_origins
def test_syn_received_ack(passive: bool) -> None:
    due = ("R9", "", ESTABLISHED)
    block = syn_received(passive=passive)
    rule = "open.final-ack-establishes"
    expect(block, seg("."), due, rule=rule, snd_una=1, snd_nxt=1, rcv_nxt=1, snd_wnd=8192, snd_wl1=1, snd_wl2=1)


def test_syn_received_ack_of_a_syn_and_data_already_sent() -> None:
    expect(syn_received(snd_nxt=syn_received().snd_nxt + 20), seg(".", 1, 11), ("R9", "", ESTABLISHED), snd_una=11)


def test_syn_received_ack_with_data() -> None:
    due = ("E3", "ack 11 later", ESTABLISHED)
    expect(syn_received(), seg("P.", length=10), due, rule="open.ack-with-data", rcv_nxt=11, rcv_wnd=WINDOW - 10)


def test_syn_received_ack_with_data_beyond_a_gap() -> None:
    """It is held, its ACK field taken or waiting with it; or dropped against SHLD-31."""
    due = [("E4", reply, state) for reply in (ACK, "") for state in 2 * (ESTABLISHED, SYN_RECEIVED)]
    found = expect(syn_received(), seg("P.", 6, length=5), *due)
    assert {r.next.held for r in found if not r.against} == {((T + 6, T + 11, False),)}
    assert {r.next.held for r in found if r.against} == {()}


def test_syn_received_ack_with_fin() -> None:
    due = ("E6", "ack 2 later", CLOSE_WAIT)
    expect(syn_received(), seg("F."), due, rule="open.ack-with-fin", rcv_nxt=2, fin_received=True, snd_una=1)


def test_syn_received_ack_with_data_and_fin() -> None:
    expect(syn_received(), seg("FP.", length=10), ("E6", "ack 12 later", CLOSE_WAIT), rcv_nxt=12)


def test_syn_received_ack_delivers_data_queued_on_the_syn() -> None:
    """Text on the SYN counts once ESTABLISHED (section 3.5); SYN,ACK had acknowledged t+1 only."""
    queued = syn_received(held=((T + 1, T + 6, False),))
    expect(queued, seg("."), ("R9", "ack 6 later", ESTABLISHED), rcv_nxt=6, held=())


def test_syn_received_same_data_again_after_data_on_the_syn() -> None:
    """What was on the SYN counts once: the same octets on the ACK do not move RCV.NXT twice."""
    queued = syn_received(held=((T + 1, T + 6, False),))
    expect(queued, seg("P.", length=5), ("E3", "ack 6 later", ESTABLISHED), rcv_nxt=6)


def test_syn_received_a_fin_on_the_syn_is_processed_with_the_handshake() -> None:
    """3.10.7.2 third: "processing of SYN and ACK should not be repeated", so the FIN needs no ACK bit of its own."""
    queued = syn_received(held=((T + 1, T + 1, True),))
    expect(queued, seg("."), ("R9", "ack 2 later", State.CLOSE_WAIT), rcv_nxt=2, fin_received=True, held=())
    queued = syn_received(held=((T + 1, T + 6, True),))
    expect(queued, seg("."), ("R9", "ack 7 later", State.CLOSE_WAIT), rcv_nxt=7, fin_received=True)
    expect(queued, seg("FP.", length=5), ("R9", "ack 7 later", State.CLOSE_WAIT), rcv_nxt=7)


def test_syn_received_text_on_a_crossing_syn_is_delivered() -> None:
    queued = syn_received(passive=False, held=((T + 1, T + 4, False),))
    delivered = ("R3", "ack 4 later", ESTABLISHED)
    expect(queued, seg("S.", 0), delivered, ("R3", ". seq 1 ack 1", ESTABLISHED), ("R3", ". seq 1 ack 1", SYN_RECEIVED))


def test_syn_received_the_handshake_with_current_timestamps() -> None:
    block = syn_received(timestamps=True, ts_recent=100)
    expect(block, seg(".", options=stamped(100)), ("R9", "", ESTABLISHED), ts_recent=100)


def test_syn_received_an_older_timestamp() -> None:
    """RFC 7323 section 5.3 R1 exempts no state: "Send an acknowledgment in reply ... and drop the segment".

    Without PAWS ("If the PAWS algorithm is used") it counts.
    """
    block = syn_received(timestamps=True, ts_recent=100)
    expect(block, seg(".", options=stamped(99)), ("F1", ". seq 1 ack 1", SYN_RECEIVED), ("R9", "", ESTABLISHED))


def test_syn_received_no_timestamp() -> None:
    """RFC 7323 section 3.2: once negotiated "during the <SYN>, <SYN,ACK> exchange" what lacks it SHOULD be dropped."""
    block = syn_received(timestamps=True, ts_recent=100)
    found = expect(
        block, seg("."), ("F2", "", SYN_RECEIVED), ("F2", ". seq 1 ack 1", SYN_RECEIVED), ("R9", "", ESTABLISHED)
    )
    assert [reply_text(r.reply) for r in permitted(found, "rfc9293")] == [""]


@both_origins
def test_syn_received_closed_window(passive: bool) -> None:
    """3.10.7.4 first, SYN-RECEIVED is in its list: "special allowance should be made to accept valid ACKs"."""
    block = syn_received(passive=passive, rcv_wnd=0)
    acked, counted = ("R4", ". seq 1 ack 1", SYN_RECEIVED), ("R4", ". seq 1 ack 1", ESTABLISHED)
    expect(block, seg("P.", length=5), acked, counted, rcv_nxt=1)
    expect(block, seg("F."), acked, counted, rcv_nxt=1)
    expect(block, seg("P.", 2, length=5), acked)


@both_origins
def test_syn_received_refused_input_leaves_the_block_unchanged(passive: bool) -> None:
    block = syn_received(passive=passive)
    refused = [seg("R", 0), seg("-"), seg("F"), seg(".", 0), seg(".", 1, 0), seg(".", 1, 2), seg("F.", 2000)]
    for segment in refused:
        assert {r.next for r in arrives(block, segment)} == {block}
    assert replace(block) == block
