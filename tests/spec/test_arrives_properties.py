"""Properties of SEGMENT ARRIVES over every state and arbitrary segments: total, pure, blind to where numbers lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from probe.spec import rules
from probe.spec.arrives import arrives
from probe.spec.reaction import PROFILES, Reaction, permitted
from probe.spec.rows import ROWS
from probe.spec.segment import ACK, FIN, MSS, RST, SYN, Option, Segment
from probe.spec.seq import Seq
from probe.spec.states import SYNCHRONIZED, State
from probe.spec.tcb import Tcb
from tests.helpers.blocks import BUILDERS, P, T, stamped

offsets = st.integers(-3, 6) | st.sampled_from([-5000, -1000, 900, 999, 1000, 1001, 1002, 4096, 2**20, 2**30, 2**31])
lengths = st.sampled_from([0, 0, 0, 1, 2, 5, 10, 999, 1000, 1001])
options = st.sampled_from(
    [(), stamped(50), stamped(100), stamped(101), (Option(MSS, b"", "length 0"),), (Option(253, b"ab"),)]
)
shifts = st.sampled_from([0, 1, 2, 5, 2**31 - 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@st.composite
def segments(draw: st.DrawFn, bits: int = 0x3F) -> Segment:
    """Any flags at, below and around the interesting numbers."""
    flags = draw(st.integers(0, 0x3F)) & bits
    return Segment(
        T + draw(offsets),
        P + draw(offsets),
        flags,
        draw(st.sampled_from([0, 1, 8192])),
        draw(lengths),
        options=draw(options),
    )


@st.composite
def blocks(draw: st.DrawFn) -> Tcb:
    """Any block reached from a builder by a few arbitrary segments."""
    block = draw(st.sampled_from(BUILDERS))()
    window = draw(st.sampled_from([0, 1, 1000]))
    stamps = draw(st.booleans())
    block = replace(block, rcv_wnd=window, timestamps=stamps, ts_recent=100 if stamps else 0)
    for segment in draw(st.lists(segments(), max_size=3)):
        reactions = arrives(block, segment)
        block = reactions[draw(st.integers(0, len(reactions) - 1))].next
        if block.iss is None and block.state is State.SYN_RECEIVED:
            block = replace(block, iss=P, snd_una=P, snd_nxt=P + 1)
    return block


@given(blocks(), segments())
def test_there_is_always_a_permitted_reaction(block: Tcb, segment: Segment) -> None:
    before = replace(block)
    found = arrives(block, segment)
    assert found
    assert block == before
    for profile in PROFILES:
        assert permitted(found, profile)
    for reaction in found:
        assert reaction.row in ROWS
        assert reaction.rule in rules.ALL
        assert reaction.clause.startswith("RFC ")
        assert reaction.level in {"MUST", "SHOULD", "MAY", "SPEC"}


@given(blocks(), segments())
def test_a_rst_never_draws_a_reply_except_a_challenge(block: Tcb, segment: Segment) -> None:
    """Section 3.5.2: no RST for a RST; the ACK of RFC 5961 is the only answer there is."""
    for reaction in arrives(block, replace(segment, flags=segment.flags | RST)):
        if reaction.reply is not None:
            assert (reaction.row, reaction.reply.flags, reaction.only) in {
                ("R5", ACK, "rfc5961"),
                ("F5", ACK, "rfc5961"),
                ("T11", ACK, "rfc5961"),
            }


@given(blocks(), segments(bits=0x3F & ~RST))
def test_synchronized_states_reset_only_where_the_tables_say(block: Tcb, segment: Segment) -> None:
    if block.state not in SYNCHRONIZED:
        return
    for reaction in arrives(block, segment):
        if reaction.reply is not None and reaction.reply.flags & RST:
            honest = {"F6", "W3", "V3", "K3", "K4", "T18", "Z4"} | ({"T1", "T9"} if segment.flags & SYN else set())
            assert reaction.row in honest
            assert reaction.next.state is (State.TIME_WAIT if reaction.row == "T18" else State.CLOSED)


@given(blocks(), segments())
def test_silence_and_acks_move_along_the_diagram(block: Tcb, segment: Segment) -> None:
    """Every move is an arrow of Figure 5, a deletion of the block, or a chain of two arrows by one segment."""
    ways = {
        State.CLOSED: {State.SYN_RECEIVED},
        State.LISTEN: {State.SYN_RECEIVED},
        State.SYN_SENT: {State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT},
        State.SYN_RECEIVED: {State.ESTABLISHED, State.CLOSE_WAIT, State.LISTEN, *_reopened(block)},
        State.ESTABLISHED: {State.CLOSE_WAIT},
        State.FIN_WAIT_1: {State.FIN_WAIT_2, State.CLOSING, State.TIME_WAIT},
        State.FIN_WAIT_2: {State.TIME_WAIT},
        State.CLOSING: {State.TIME_WAIT},
        State.TIME_WAIT: {State.SYN_RECEIVED},
    }
    for reaction in arrives(block, segment):
        after = reaction.next.state
        assert after in {block.state, State.CLOSED} | ways.get(block.state, set())


def _reopened(block: Tcb) -> set[State]:
    """Where an old duplicate SYN came from (MAY-2 condition 2)."""
    return {block.reopened.state} if block.reopened else set()


@given(blocks(), segments())
def test_rcv_nxt_never_goes_back(block: Tcb, segment: Segment) -> None:
    for reaction in arrives(block, segment):
        if block.state in SYNCHRONIZED and reaction.next.state in SYNCHRONIZED:
            assert reaction.next.rcv_nxt >= block.rcv_nxt
            assert reaction.next.snd_una >= block.snd_una
            assert reaction.next.snd_una <= reaction.next.snd_nxt or block.snd_una > block.snd_nxt


@st.composite
def pieces(draw: st.DrawFn) -> Segment:
    """Text and FINs that overlap, touch and leave gaps, now and then with a SYN before them."""
    flags = draw(st.sampled_from([ACK, ACK, ACK | FIN, ACK | SYN, SYN, SYN | FIN, FIN]))
    seq, length = draw(st.integers(-2, 12)), draw(st.integers(0, 6))
    return Segment(T + seq, P + draw(st.sampled_from([0, 1, 2])), flags, 8192, length)


@settings(max_examples=400)
@given(st.sampled_from(BUILDERS), st.sampled_from([4, 8, 1000]), st.lists(pieces(), max_size=6), st.data())
def test_rcv_nxt_never_passes_what_did_not_arrive(
    builder: Callable[[], Tcb], window: int, arriving: list[Segment], data: st.DataObject
) -> None:
    """Section 3.4: an ACK of X says that all octets "up to but not including X have been received"; a FIN is one."""
    block = replace(builder(), rcv_wnd=window)
    text: set[Seq] = set()
    fins = {block.rcv_nxt - 1} if block.fin_received else set()
    for segment in arriving:
        first = segment.seq + bool(segment.flags & SYN)
        text |= {first + place for place in range(segment.length)}
        fins |= {first + segment.length} if segment.flags & FIN else set()
        reactions = arrives(block, segment)
        for after in (r.next for r in reactions):
            if after.state not in SYNCHRONIZED | {State.SYN_RECEIVED}:
                continue
            taken = {after.irs + 1 + place for place in range(after.rcv_nxt.ahead_of(after.irs + 1))}
            assert taken <= text | fins, segment
            # What the eighth step does with a FIN behind the FIN can be read two ways (row K4).
            assert block.fin_received or not after.fin_received or after.rcv_nxt - 1 in fins, segment
        block = data.draw(st.sampled_from([r for r in reactions if not r.against])).next  # what can be held is held
        if block.iss is None and block.state is State.SYN_RECEIVED:
            block = replace(block, iss=P, snd_una=P, snd_nxt=P + 1)


@given(blocks(), segments(), shifts, shifts)
def test_only_distances_count(block: Tcb, segment: Segment, tester: int, peer: int) -> None:
    """Shifting both ends' numbers shifts the replies alike; only the 0 of row C2 is absolute."""
    plain = [_described(r, 0, 0) for r in arrives(block, segment)]
    moved_segment = replace(segment, seq=segment.seq + tester, ack=segment.ack + peer)
    moved = [_described(r, tester, peer) for r in arrives(_moved(block, tester, peer), moved_segment)]
    assert moved == plain


def _moved(block: Tcb, tester: int, peer: int) -> Tcb:
    return replace(
        block,
        iss=None if block.iss is None else block.iss + peer,
        snd_una=block.snd_una + peer,
        snd_nxt=block.snd_nxt + peer,
        snd_wl1=block.snd_wl1 + tester,
        snd_wl2=block.snd_wl2 + peer,
        irs=block.irs + tester,
        rcv_nxt=block.rcv_nxt + tester,
        held=tuple((first + tester, last + tester, fin) for first, last, fin in block.held),
        reopened=block.reopened and _moved(block.reopened, tester, peer),
    )


def _described(reaction: Reaction, tester: int, peer: int) -> tuple[object, ...]:
    """Everything about the reaction, its numbers shifted back."""
    back = _moved(reaction.next, -tester, -peer)
    fresh = reaction.next.state in {State.CLOSED, State.LISTEN}  # a deleted block has no numbers
    return (reaction.row, reaction.rule, reaction.only, _pattern(reaction, tester, peer)) + (
        (reaction.next.state, reaction.next.listening) if fresh else (_without_unset(back),)
    )


def _without_unset(block: Tcb) -> Tcb:
    """Without the variables that a new block has not set yet: they are 0 wherever the numbers lie."""
    if block.state is not State.SYN_RECEIVED:
        return block
    known = block if block.iss is not None else replace(block, snd_una=Seq(0), snd_nxt=Seq(0))
    return replace(known, snd_wl1=Seq(0), snd_wl2=Seq(0))


def _pattern(reaction: Reaction, tester: int, peer: int) -> object:
    reply = reaction.reply
    if reply is None:
        return None
    absolute = reply.flags & RST and reaction.row in {"C2", "F6", "T1", "T9", "Z4"}  # 0 stands among its numbers
    seqs = reply.seqs if absolute else tuple(seq - peer for seq in reply.seqs)
    acks = tuple(None if n is None else n - tester for n in (reply.ack, reply.ack_from))
    above = None if reply.above is None else reply.above - peer
    return reply.flags, len(seqs) if absolute else seqs, acks, above, reply.covers
