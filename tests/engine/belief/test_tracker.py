"""The tracker: every permitted history at once, narrowed by what comes, widened only by the excuses allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probe.engine.belief import tracker
from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.numbers import Numbers
from probe.engine.belief.tracker import CLOSED, LISTENING, UNKNOWN_PORT, Terms
from probe.engine.belief.watch import Watch, follow
from tests.helpers.blocks import P, T, seg, stamped
from tests.helpers.record import MEMORY, back, record, sent

HANDSHAKE = (sent("S", 0), back("S.", 0, 1), sent(".", 1, 1))


def states(*events: Event, start: tracker.Belief = UNKNOWN_PORT, allow: frozenset[Excuse] = frozenset()) -> list[str]:
    return list(follow(record(*events), start, Terms(allow=allow), MEMORY).states[-1])


def broken(*events: Event, allow: frozenset[Excuse] = frozenset(), profile: str = "rfc9293") -> bool:
    return follow(record(*events), UNKNOWN_PORT, Terms(profile, allow), MEMORY).broken_at is not None


def test_a_port_is_known_by_its_first_answer() -> None:
    assert states(sent("S", 0)) == ["CLOSED", "LISTEN", "SYN-RECEIVED"]
    assert states(sent("S", 0), back("S.", 0, 1)) == ["SYN-RECEIVED"]
    assert states(sent("S", 0), back("R.", 0, 1, absolute=True)) == ["CLOSED"]


def test_our_ack_is_on_its_way_until_something_shows_that_it_came() -> None:
    assert states(*HANDSHAKE) == ["SYN-RECEIVED", "ESTABLISHED"]
    assert states(*HANDSHAKE, Quiet(0)) == ["ESTABLISHED"]
    assert states(*HANDSHAKE, sent(".", 0, 1), back(".", 1, 1)) == ["ESTABLISHED"]


def test_crossing_segments_are_legal_in_either_order() -> None:
    """Our FIN and the peer's pass each other: the peer may have sent its FIN before ours came, or after."""
    crossing = (*HANDSHAKE, Quiet(0), sent("F.", 1, 1), back("F.", 1, 1))
    assert states(*crossing) == ["FIN-WAIT-1", "CLOSING"]
    assert states(*crossing, back(".", 2, 2)) == ["CLOSING"]
    assert states(*HANDSHAKE, Quiet(0), sent("F.", 1, 1), back("F.", 1, 2)) == ["LAST-ACK"]


def test_delayed_ack_may_ride_on_what_follows() -> None:
    text = (*HANDSHAKE, sent("P.", 1, 1, 10))
    assert not broken(*text, back(".", 1, 11), Quiet(0))
    assert not broken(*text, back("P.", 1, 11, 20), Quiet(0))
    assert not broken(*text, back("P.", 1, 1, 20), back(".", 21, 11), Quiet(0))
    assert broken(*text, Quiet(0))
    assert broken(*text, back("P.", 1, 1, 20), Quiet(0))


def test_one_ack_may_cover_two_segments() -> None:
    two = (*HANDSHAKE, sent("P.", 1, 1, 10), sent("P.", 11, 1, 10))
    assert not broken(*two, back(".", 1, 21), Quiet(0))
    assert not broken(*two, back(".", 1, 11), back(".", 1, 21), Quiet(0))
    assert broken(*two, back(".", 1, 21), back(".", 1, 11))
    assert broken(*two, back(".", 1, 11), Quiet(0))


def test_an_ack_covers_what_lies_before_it() -> None:
    """3.4: acknowledgments are cumulative; the second FIN may move RCV.NXT again (row K4)."""
    fins = (*HANDSHAKE, sent("F.", 1, 1, 9), sent("F.", 11, 1))
    assert not broken(*fins, back(".", 1, 12), Quiet(0))
    assert not broken(*fins, back(".", 1, 11), back(".", 1, 12), Quiet(0))
    assert broken(*fins, back(".", 1, 10), Quiet(0))


def test_text_that_acks_went_past_carries_the_acknowledgment_of_its_time() -> None:
    two = (*HANDSHAKE, sent("P.", 1, 1, 10), sent("P.", 11, 1, 10))
    acks = (back(".", 1, 11), back(".", 11, 21))
    late = frozenset({Excuse.OVERTAKEN})
    assert not broken(*two, *acks, back("P.", 1, 11, 10), Quiet(0), allow=late)
    assert broken(*two, *acks, back("P.", 1, 12, 10), back("P.", 1, 22, 10), allow=late)  # of what was never sent
    assert broken(*two, *acks, Quiet(0), allow=late)  # it never came
    assert not broken(*two, *acks, back("P.", 1, 11, 10), back("P.", 11, 21, 20), allow=late)


def test_an_overtaken_ack_is_of_a_time_when_both_its_numbers_held() -> None:
    """Our FIN acknowledges the peer's: who has it has sent its own FIN before, which the number of an ACK counts."""
    late = frozenset({Excuse.OVERTAKEN})
    closing = (*HANDSHAKE, Quiet(0), back("F.", 1, 1))
    assert broken(*closing, sent("F.", 1, 2), back(".", 2, 2), back(".", 1, 2), allow=late)
    assert not broken(*closing, sent("F.", 1, 1), back(".", 2, 2), back(".", 1, 1), allow=late)
    text = (*HANDSHAKE, sent("P.", 1, 1, 10), back("P.", 1, 11, 20), back(".", 1, 11))
    assert not broken(*text, allow=late)


def test_replies_leave_in_the_order_of_what_asked_for_them() -> None:
    asked = (*HANDSHAKE, Quiet(0), sent("P.", 1, 1, 5), sent(".", 0, 1))
    assert not broken(*asked, back(".", 1, 6), Quiet(0))
    assert broken(*asked, back(".", 1, 1))


def test_text_with_the_acknowledgment_owed_answers_what_is_unacceptable_too() -> None:
    """An echo server's text leaves behind the old segment that asks for an ACK, and says RCV.NXT as that would."""
    asked = (*HANDSHAKE, Quiet(0), sent("P.", 1, 1, 5), sent(".", 0, 1))
    assert not broken(*asked, back("P.", 1, 6, 20), Quiet(0))
    assert broken(*asked, back("P.", 1, 1, 20), Quiet(0))
    assert broken(*HANDSHAKE, Quiet(0), sent(".", 0, 1), back("P.", 1, 1, 20), Quiet(0))  # no other was owed


def test_the_set_narrows_to_one() -> None:
    watch = follow(record(*HANDSHAKE, Quiet(0), sent("F.", 1, 1)), UNKNOWN_PORT, Terms(), MEMORY)
    sizes = [len(point.belief) for point in watch.points[1:]]
    assert sizes[0] == 2
    assert sizes[-1] == 1


def test_what_never_reached_the_end_changes_nothing_there() -> None:
    """An octet outside the window demands an answer, but only of an end that it reached."""
    silent = record(*HANDSHAKE, Quiet(0), sent("P.", -5, 1, 1), Quiet(0), sent("P.", 1, 1, 5), back(".", 1, 6))
    assert follow(silent, UNKNOWN_PORT, Terms(), MEMORY).broken_at == 5
    watch = follow(silent, UNKNOWN_PORT, Terms(), MEMORY, lost=frozenset({4}))
    assert (watch.broken_at, watch.states[4], watch.states[-1]) == (None, ("ESTABLISHED",), ("ESTABLISHED",))
    assert {answer.index for answer in watch.after(7).answers} == {6}


def test_lost_segments_are_an_excuse() -> None:
    silent = (*HANDSHAKE, Quiet(0), sent("P.", 1, 1, 5), Quiet(0))
    assert broken(*silent)
    assert not broken(*silent, allow=frozenset({Excuse.LOSS}))
    unheard = (*HANDSHAKE, Quiet(0), back("F.", 101, 1))  # a hundred octets before it never came by
    assert broken(*unheard)
    assert not broken(*unheard, allow=frozenset({Excuse.LOSS}))
    assert broken(*HANDSHAKE, Quiet(0), back(".", 1, 50), allow=frozenset({Excuse.LOSS}))


def test_lost_fin_is_an_excuse_for_the_number_after_it() -> None:
    skipped = (*HANDSHAKE, Quiet(0), sent("P.", 1, 1, 5), back(".", 2, 6))
    assert broken(*skipped)
    assert not broken(*skipped, allow=frozenset({Excuse.LOSS}))


def test_abort_is_an_excuse() -> None:
    aborted = (*HANDSHAKE, Quiet(0), back("R", 1))
    assert broken(*aborted)
    assert not broken(*aborted, allow=frozenset({Excuse.ABORT}))
    assert broken(*HANDSHAKE, Quiet(0), back("R", 5), allow=frozenset({Excuse.ABORT}))


def test_unasked_ack_is_an_excuse() -> None:
    twice = (*HANDSHAKE, Quiet(0), back(".", 1, 1))
    assert broken(*twice)
    assert not broken(*twice, allow=frozenset({Excuse.REPEAT}))
    assert broken(*HANDSHAKE, Quiet(0), back(".", 1, 2), allow=frozenset({Excuse.REPEAT}))


def test_syn_cookies_are_an_excuse() -> None:
    """A listener that keeps no state refuses an empty segment whose number it cannot have chosen."""
    refused = (*HANDSHAKE[:2], Quiet(0), sent(".", 0, 1), back("R", 1))
    assert broken(*refused)
    assert not broken(*refused, allow=frozenset({Excuse.COOKIES}))


def test_cookies_are_no_excuse_where_nothing_listens() -> None:
    """3.10.7.1: a closed port answers with a RST, whatever load the host is under."""
    cookies = Terms(allow=frozenset({Excuse.COOKIES}))
    for events in (HANDSHAKE[:2], (sent(".", 1, 1), Quiet(0))):
        assert follow(record(*events), CLOSED, cookies, MEMORY).broken_at is not None
    assert follow(record(*HANDSHAKE[:2]), LISTENING, cookies, MEMORY).broken_at is None


@pytest.mark.parametrize(("profile", "fails"), [("rfc9293", False), ("rfc793", True), ("rfc5961", False)])
def test_profiles_bar_reactions(profile: str, fails: bool) -> None:
    challenge = (*HANDSHAKE, Quiet(0), sent("R", 2), back(".", 1, 1), Quiet(0))
    assert broken(*challenge, profile=profile) is fails


def test_canonical_numbers_make_records_alike() -> None:
    one, other = Numbers(), Numbers()
    for segment, to_peer in ((seg("S", 0), True), (seg("S", 5), True)):
        assert one.canonical(segment, to_peer).seq - one.canonical(seg("S", 0), True).seq == segment.seq - T
    moved = seg("S", 1000)
    assert other.canonical(moved, True).seq == Numbers().canonical(seg("S", 0), True).seq


def test_the_zero_of_a_refusal_is_absolute_and_only_that() -> None:
    numbers = Numbers()
    numbers.canonical(seg("S", 0), True)
    numbers.canonical(back("S.", 0, 1).segment, False)
    assert numbers.canonical(back("R.", 0, 1, absolute=True).segment, False).seq == 0
    plain = back("R", 2).segment
    assert plain.seq == P + 2 == 0
    assert numbers.canonical(plain, False).seq != 0


def test_a_broken_belief_stays_broken() -> None:
    watch = follow(
        record(*HANDSHAKE, Quiet(0), back("S.", 9, 1), sent(".", 0, 1), back(".", 1, 1)), LISTENING, Terms(), MEMORY
    )
    assert watch.broken_at == 4
    assert watch.states[4:] == [(), (), ()]
    assert watch.before == follow(record(*HANDSHAKE, Quiet(0)), LISTENING, Terms(), MEMORY).belief
    assert not watch.settled


def test_event_by_event_and_whole_are_the_same() -> None:
    events = record(*HANDSHAKE, sent("P.", 1, 1, 5), back(".", 1, 6), sent("F.", 6, 1), back("F.", 1, 7), Quiet(0))
    watch = Watch(UNKNOWN_PORT, Terms(), MEMORY)
    for count, event in enumerate(events, 1):
        watch.feed(event)
        whole = follow(events[:count], UNKNOWN_PORT, Terms(), MEMORY)
        assert whole.points == watch.points


def test_a_closed_port_that_turns_out_open_is_broken() -> None:
    assert follow(record(sent("S", 0), back("S.", 0, 1)), CLOSED, Terms(), MEMORY).broken_at == 1
    assert isinstance(HANDSHAKE[0], Seen)


def test_a_memory_is_bounded_and_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "_HISTORIES", 20)
    small, events = tracker.Memory(), record(*HANDSHAKE, sent("F.", 1, 1), back("F.", 1, 2), sent(".", 2, 2))
    lossy = Terms(allow=frozenset({Excuse.LOSS}))
    for _ in range(3):
        watch = follow(events, UNKNOWN_PORT, lossy, small)
        assert watch.states == follow(events, UNKNOWN_PORT, lossy, MEMORY).states
        assert small.after.cache_info().currsize < len(events)


def test_memories_share_nothing() -> None:
    one, other = tracker.Memory(), tracker.Memory()
    first, again = (follow(record(*HANDSHAKE), UNKNOWN_PORT, Terms(), memory) for memory in (one, one))
    assert first.point is again.point
    assert other.after.cache_info().currsize == 0


def test_reserved_bits_are_of_the_shape_and_decide_nothing() -> None:
    reserved = replace(HANDSHAKE[1], segment=replace(HANDSHAKE[1].segment, reserved=4))
    plain, odd = (
        follow(record(HANDSHAKE[0], answer, HANDSHAKE[2]), UNKNOWN_PORT, Terms(), MEMORY)
        for answer in (HANDSHAKE[1], reserved)
    )
    assert plain.point is not odd.point
    assert plain.states == odd.states


# -- what the RFC leaves to either answer ------------------------------------------------------------------------------

CLOSING = (*HANDSHAKE, Quiet(0), sent("F.", 1, 1), back("F.", 1, 1), back(".", 2, 2))
LAST_ACK = (*HANDSHAKE, Quiet(0), sent("F.", 1, 1), back("F.", 1, 2))


@pytest.mark.parametrize("close", [CLOSING, LAST_ACK], ids=["CLOSING", "LAST-ACK"])
def test_an_end_that_gives_up_may_say_so(close: tuple[Event, ...]) -> None:
    """RFC 9293 section 3.10.5 has no RST there, 3.5.2 has one "at any time" and "generated by the protocol itself"."""
    rst = back("R", 2)
    assert broken(*close, rst)
    assert states(*close, rst, allow=frozenset({Excuse.ABORT})) == ["CLOSED"]
    assert states(*close, rst, allow=frozenset({Excuse.EXPIRY})) == ["CLOSED"]
    assert broken(*close, back("R", 1), allow=frozenset({Excuse.ABORT, Excuse.EXPIRY}))


@pytest.mark.parametrize("close", [CLOSING, LAST_ACK], ids=["CLOSING", "LAST-ACK"])
def test_an_end_that_gives_up_may_do_so_in_silence(close: tuple[Event, ...]) -> None:
    """Section 3.10.8: "For any state if the user timeout expires ... delete the TCB"."""
    asked = (*close, sent(".", 1, 2), back("R", 2))
    assert broken(*asked)
    assert not broken(*asked, allow=frozenset({Excuse.EXPIRY}))


def windowed(size: int, event: Seen) -> Seen:
    return replace(event, segment=replace(event.segment, window=size))


@pytest.mark.parametrize(("window", "taken"), [(10, 11), (10, 100), (10, 101), (0, 5)])
def test_more_room_than_is_offered(window: int, taken: int) -> None:
    """Section 3.8.6.2.2: there may be "space available but not yet advertised", as much as was once; or one more."""
    edge = frozenset({Excuse.EDGE})
    opened = (sent("S", 0), windowed(100, back("S.", 0, 1)), sent(".", 1, 1), windowed(window, back(".", 1, 1)))
    told = (*opened, sent("P.", 1, 1, taken))
    allow = edge | {Excuse.REPEAT}
    assert broken(*told, back(".", 1, 1 + taken), allow=frozenset({Excuse.REPEAT}))
    assert not broken(*told, back(".", 1, 1 + taken), allow=allow)
    assert broken(*opened, sent("P.", 1, 1, 103), back(".", 1, 104), allow=allow)


def test_a_fin_on_the_syn_may_count_once_the_connection_stands() -> None:
    """Section 3.10.7.2 third: "queued for processing later", without repeating "processing of SYN and ACK"."""
    opened = (sent("SF", 0), back("S.", 0, 1), sent(".", 1, 1))
    assert states(*opened, back(".", 1, 2)) == ["CLOSE-WAIT"]
    assert states(*opened, Quiet(0)) == ["ESTABLISHED"]
    assert broken(sent("SF", 0), back("S.", 0, 2))


def test_text_on_a_crossing_syn_may_be_taken_once_the_connection_stands() -> None:
    """Section 3.10.7.3 fourth: "queue them for processing after the ESTABLISHED state has been reached"."""
    opened = (back("S", 0), sent("S", 0, length=3), back("S.", 0, 1), sent(".", 1, 1))
    assert states(*opened, back(".", 1, 4), start=CLOSED) == ["ESTABLISHED"]
    assert states(*opened, Quiet(0), start=CLOSED) == ["ESTABLISHED"]


def test_time_wait_reopened_by_an_old_duplicate_may_come_back() -> None:
    """Section 3.6.1, MAY-2: it "returns to TIME-WAIT state if the SYN turns out to be an old duplicate"."""
    closed = (*HANDSHAKE, Quiet(0), back("F.", 1, 1), sent("F.", 1, 2), back(".", 2, 2), Quiet(0))
    reopened = (*closed, sent("S", 5000), back("S.", 9000, 5001), sent("R", 5001), Quiet(0))
    assert states(*reopened, sent("F.", 1, 2), back(".", 2, 2)) == ["TIME-WAIT"]
    assert states(*reopened, sent("F.", 1, 2), back("R", 2)) == ["LISTEN"]


def test_the_syns_that_crossed_settle_the_options() -> None:
    """RFC 7323 sections 2.2, 3.2: what the other SYN did not offer is not in force, whatever the SYN,ACK repeats."""
    offered = stamped(500)
    own = replace(back("S", 0), segment=replace(back("S", 0).segment, options=offered))
    again = replace(back("S.", 0, 1), segment=replace(back("S.", 0, 1).segment, options=offered))
    watch = follow(record(own, sent("S", 0), again), CLOSED, Terms(), MEMORY)
    assert {h.tcb.timestamps for h in watch.belief} == {False}
    outside = (own, sent("S", 0), again, sent("-", 5000), Quiet(0))
    assert broken(*outside)


# -- what the text advises ---------------------------------------------------------------------------------------------


def left(*events: Event, start: tracker.Belief = UNKNOWN_PORT) -> set[str]:
    """Which advice has to have been left for it."""
    assert broken(*events) if start == UNKNOWN_PORT else True
    watch = follow(record(*events), start, Terms(allow=frozenset({Excuse.ADVICE})), MEMORY)
    return {h.against for h in watch.belief}


def test_text_behind_a_gap_should_be_held() -> None:
    """3.10.7.4 first: "Segments with higher beginning sequence numbers SHOULD be held" (SHLD-31)."""
    gap = (*HANDSHAKE, Quiet(0), sent("P.", 6, 1, 5), back(".", 1, 1), sent("P.", 1, 1, 5))
    assert not broken(*gap, back(".", 1, 11), Quiet(0))
    assert left(*gap, back(".", 1, 6), Quiet(0)) == {"seg.out-of-order-held"}
    fin = (*HANDSHAKE, Quiet(0), sent("F.", 6), Quiet(0), sent("P.", 1, 1, 5))
    assert not broken(*fin, back(".", 1, 7), Quiet(0))
    assert left(*fin, back(".", 1, 6), Quiet(0)) == {"seg.out-of-order-held"}
    assert broken(*gap, Quiet(0), allow=frozenset({Excuse.ADVICE}))


@pytest.mark.parametrize(("flags", "length", "last"), [("S.", 5, 6), ("SF.", 0, 2), ("SF.", 5, 7)])
def test_what_comes_with_the_syn_ack_is_processed(flags: str, length: int, last: int) -> None:
    """3.10.7.3 fourth: "then continue processing at the sixth step"; one ACK for both, or one for each."""

    def after(*events: Event) -> tuple[str, ...]:
        opened = (back("S", 0), sent(flags, 0, 1, length), *events, Quiet(0))
        return follow(record(*opened), CLOSED, Terms(), MEMORY).states[-1]

    state = "CLOSE-WAIT" if "F" in flags else "ESTABLISHED"
    assert after(back(".", 1, last)) == after(back(".", 1, 1), back(".", 1, last)) == (state,)
    assert after(back(".", 1, 1)) == after() == ()
    dropped = (back("S", 0), sent(flags, 0, 1, length), back(".", 1, 1), Quiet(0))
    assert left(*dropped, start=CLOSED) == {"active.synack-with-data"}
