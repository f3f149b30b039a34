"""The name put to a departure: the oldest thing owed, of those the likest, or what the stray segment itself breaks."""

from __future__ import annotations

import pytest

from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.tracker import UNKNOWN_PORT, Terms
from probe.engine.belief.watch import follow
from probe.engine.judge import blame
from tests.helpers.record import MEMORY, back, record, sent

OPEN = (sent("S", 0), back("S.", 0, 1), sent(".", 1, 1), Quiet(0))
CLOSED_BY_PEER = (*OPEN, back("F.", 1, 1))


def blamed(*events: Event) -> blame.Blame:
    """The blame for the last event, which nothing explains."""
    made = record(*events)
    watch = follow(made, UNKNOWN_PORT, Terms(), MEMORY)
    assert watch.broken_at == len(made) - 1
    last = made[-1]
    if isinstance(last, Seen):
        return blame.for_segment(watch, last)
    return blame.for_silence(watch)


@pytest.mark.parametrize(
    ("events", "rule", "index"),
    [
        ((sent("S", 0), back("S.", 0, 2)), "open.synack-ack-number", 0),
        ((sent("S", 0), back("FS.", 0, 1)), "open.listen-syn-synack", 0),
        ((sent("S", 0), back("R.", 5, 1)), "closed.syn-refused", 0),
        ((sent("S", 0), back("S.", 0, 1), back("S.", 7, 1)), "isn.stable-while-pending", 0),
        ((sent("S", 0), back("S.", 0, 1), back("S.", 0, 2)), "open.synack-ack-number", 0),
        ((sent("S", 0), back("S.", 0, 1), back("P.", 1, 1, 4)), "open.two-way-only", 0),
        ((*OPEN, back("S.", 0, 1)), "synack.stops-when-acked", 2),
        ((*OPEN, back("P", 1, 0, 4)), "seg.always-ack-flag", 2),
        ((*OPEN, back("F", 1)), "aclose.fin-form", 2),
        ((*OPEN, back("F.", 3, 1)), "aclose.fin-form", 2),
        ((*OPEN, back("R", 9)), "rstgen.abort-seq", 2),
        ((*OPEN, sent("F.", 1, 1), Quiet(0)), "close.fin-acked", 4),
        ((*OPEN, sent("F.", 1, 1), back(".", 1, 3)), "close.fin-acked", 4),
        ((*OPEN, sent("F.", 1, 1), back(".", 1, 2), back("F", 1)), "close.passive-fin", 4),
        ((*OPEN, sent("F.", 1, 1), back(".", 1, 2), back("P.", 1, 1, 9)), "close.halfclose-peer-sends", 4),
        ((*OPEN, sent("P.", 1, 1, 5), Quiet(0)), "ack.under-half-second", 4),
        ((*OPEN, sent("R", 1), sent(".", 0, 1), back(".", 1, 1)), "rst.exact-resets", 4),
        ((*OPEN, sent("S", 0), back("S.", 9, 1)), "synsync.retransmitted-syn", 4),
        ((*OPEN, back("P.", 100_001, 1, 4)), "seg.seq-beyond-sent", 2),
        ((*OPEN, back(".", 100_001, 1)), "seg.seq-beyond-sent", 2),
        ((*OPEN, back(".", 1, 9999)), "seg.ack-beyond-received", 2),
        ((*OPEN, sent("P.", 1, 1, 5), back(".", 1, 9999)), "seg.ack-beyond-received", 4),
        ((*OPEN, sent("P.", 1, 1, 5), back(".", 1, 6), back(".", 1, 9999)), "seg.ack-beyond-received", 4),
        ((*OPEN, back("R.", 1, 9999)), "seg.ack-beyond-received", 2),
        ((*OPEN, back("S.", 999, 1)), "isn.stable-while-pending", 2),
        ((*CLOSED_BY_PEER, back("P.", 2, 1, 5)), "aclose.no-data-after-fin", 2),
        ((*CLOSED_BY_PEER, back("F.", 2, 1)), "aclose.fin-retransmit", 2),
        ((*CLOSED_BY_PEER, sent(".", 1, 2), Quiet(0), back("F.", 1, 1)), "aclose.fin-acked-stops", 5),
    ],
)
def test_blame(events: tuple[Event, ...], rule: str, index: int) -> None:
    found = blamed(*events)
    assert (found.rule, found.index) == (rule, index)


def test_due_is_shown_as_what_would_have_been_right() -> None:
    assert blamed(sent("S", 0), back("S.", 0, 2)).due == "R. seq 0 ack 1 or S. ack 1"
    assert blamed(*OPEN, sent("F.", 1, 1), Quiet(0)).due.startswith(". seq 1 ack 2 within 0.5 s")
    assert blamed(*OPEN, back("P", 1, 0, 4)).due == "nothing"
    assert blamed(*OPEN, back(".", 1, 9999)).due == "no answer, and ack 1 at most"


@pytest.mark.parametrize("drawn", [back("P.", 1, 11, 4), back("F.", 1, 11)])
def test_text_that_was_answered_as_to_be_dropped_and_taken_all_the_same(drawn: Seen) -> None:
    """An ACK of what was never sent: answered, and dropped with its text (RFC 9293 section 3.10.7.4 fifth)."""
    found = blamed(*OPEN, sent("P.", 1, 2, 10), back(".", 1, 1), drawn)
    assert (found.rule, found.index) == ("seg.ack-of-unsent", 4)
    assert (found.owed, found.due) == ((), ". seq 1 ack 1, and nothing of it taken")
    odd = blamed(*OPEN, sent("P.", 1, 2, 10), back(".", 1, 1), back("P.", 1, 12, 4))
    assert (odd.rule, odd.due) == ("seg.ack-beyond-received", ". seq 1 ack 1, and ack 11 at most")


@pytest.mark.parametrize(("ack", "index"), [(2, 3), (1, 4)])
def test_of_two_segments_that_must_be_dropped_the_one_whose_numbers_came_back(ack: int, index: int) -> None:
    """A FIN alone, then a segment without a flag, meet LISTEN; a RST that a closed port sends acknowledges SEG.LEN."""
    refused = back("R.", 0, ack, absolute=True)
    found = blamed(sent("S", 0), back("S.", 0, 1), sent("R", 1), sent("F", 1), sent("", 1), refused)
    assert (found.rule, found.index) == ("listen.no-syn-ack-rst-dropped", index)
