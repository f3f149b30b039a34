"""What one record shows of the path by itself: answers, silences, repetitions, what overtook what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from probe.engine.belief.events import Seen, Transcript
from probe.engine.belief.watch import Watch
from probe.engine.path.reordering import OVERTAKING
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq

_MILLISECONDS = 0.002
"""No stack's timers are finer."""


def answered(watch: Watch) -> Iterator[tuple[int, str]]:
    """The tester's events that were certainly answered (every history says so), and the row of the answer."""
    yield from ((asked, row) for _, asked, row in replies(watch))


def replies(watch: Watch) -> Iterator[tuple[int, int, str]]:
    """The events that are certainly an answer, each with the one of the tester's that it answers, and the row."""
    for index, point in enumerate(watch.points[1:]):
        if len({a.index for a in point.answers}) == 1:
            answer = next(iter(point.answers))
            if answer.index >= 0:
                yield index, answer.index, answer.row


def due(watch: Watch) -> Iterator[tuple[int, str]]:
    """The event whose answer was due in every history where none is left, and the row that it is due by."""
    if watch.broken_at is None:
        return
    histories = watch.memory.closure(watch.before, watch.terms)
    due = {(d.index, d.reaction.row) for h in histories if not h.inflight and (d := h.due or h.owed) is not None}
    if len({index for index, _ in due}) == 1:
        yield next(iter(due))


def repeats_syn_ack(transcript: Transcript) -> bool:
    """Whether the same SYN,ACK came twice with no SYN of ours between them."""
    last = None
    for _, event in transcript.seen():
        segment = event.segment
        if event.to_peer:
            last = None if segment.flags & (SYN | ACK) == SYN else last
        elif segment.flags & (SYN | ACK) == SYN | ACK:
            if last == segment.seq:
                return True
            last = segment.seq
    return False


def first_answer(transcript: Transcript) -> float | None:
    """Seconds that the first answer took; None where ours had to be sent again, or nothing came."""
    first = [event for _, event in transcript.seen()[:2]]
    return first[1].time - first[0].time if [event.to_peer for event in first] == [True, False] else None


def needless(transcript: Transcript, takes: float) -> Iterator[Segment]:
    """Segments that the peer sent again although our ACK of them had left in time: that ACK was lost.

    ``takes`` seconds pass before this peer looks at what came.
    """
    came: dict[tuple[int, int, int], float] = {}
    acked: list[tuple[float, Segment]] = []
    expected = None
    for _, event in transcript.seen():
        segment = event.segment
        if event.to_peer:
            if segment.flags & ACK and not segment.faults and segment.seq == expected:
                acked.append((event.time, segment))
            continue
        expected = segment.ack if segment.flags & ACK else expected
        if segment.length or segment.flags & FIN:
            first = came.setdefault((int(segment.seq), segment.length, segment.flags & FIN), event.time)
            if any(first <= at < event.time - OVERTAKING - takes and s.ack == segment.end for at, s in acked):
                yield segment


def copies(watch: Watch, transcript: Transcript) -> Iterator[bool]:
    """Of each segment of the peer up to a departure, whether it is one that just came, and answers nothing more.

    Only what came while nothing more of ours was under way tells, or a SYN that we had not sent one after: else it may
    be another answer, if an odd one. Nor does a bare ACK: a stack may send it twice itself, where a path copies
    whatever passes. What we have not acknowledged a stack may send again after a round trip (RFC 8985 section 7.2: a
    probe after two), but no SYN; and what came in a datagram of its own it did send again, however soon: a copy has
    the Identification of what it is a copy of.
    """
    record = [(i, e) for i, e in transcript.seen() if watch.broken_at is None or i <= watch.broken_at]
    hasty = max(_MILLISECONDS, min(answer_times([event for _, event in record]), default=0.0))
    before: dict[Segment, Seen] = {}
    for place, (index, event) in enumerate(record):
        opening = event.segment.flags & SYN
        if event.to_peer:
            before = {} if opening else {segment: seen for segment, seen in before.items() if segment.flags & SYN}
            continue
        if event.segment.flags == ACK and not event.segment.length:
            continue
        ours = (later for _, later in record[place:] if later.to_peer and (not opening or later.segment.flags & SYN))
        left = next((later.time for later in ours), float("inf")) - event.time
        last = before.get(event.segment)
        gap = float("inf") if last is None else event.time - last.time
        recent = gap <= OVERTAKING
        may_be_its_own = recent and event.segment.seg_len and not opening and (gap >= hasty or _sent_apart(last, event))
        if not may_be_its_own and (recent or left > OVERTAKING):
            yield recent and all(answer.index < 0 for answer in watch.after(index).answers)
        before[event.segment] = event


def _sent_apart(one: Seen | None, two: Seen) -> bool:
    """Whether their datagrams are known to be two. Senders that number none write zero (RFC 6864 section 4.1)."""
    return one is not None and 0 != one.datagram != two.datagram != 0


def answer_times(record: Sequence[Seen]) -> list[float]:
    """The seconds from each segment of ours to the peer's where that came next."""
    both = ((one, two) for one, two in pairwise(record) if one.to_peer and not two.to_peer)
    return [two.time - one.time for one, two in both]


def swapped(transcript: Transcript) -> Iterator[Segment]:
    """Text of the peer that came after later text, and too soon after it to have been sent again."""
    newest: Seen | None = None
    known: set[int] = set()
    for _, event in transcript.seen():
        segment = event.segment
        if event.to_peer or not (segment.length or segment.flags & FIN) or segment.flags & SYN:
            continue
        if newest is not None and int(segment.seq) not in known and segment.end <= newest.segment.seq:
            if event.time - newest.time <= OVERTAKING:
                yield segment
        elif newest is None or segment.seq > newest.segment.seq:
            newest = event
        known.add(int(segment.seq))


def opened_at(transcript: Transcript) -> tuple[int, Seq, Seq] | None:
    """The event of our bare ACK that ends a handshake we began, the number after our SYN and that after the peer's."""
    ours = theirs = None
    for index, event in transcript.seen():
        segment = event.segment
        opening = segment.flags & (SYN | ACK | RST)
        if event.to_peer and opening == SYN and ours is None:
            ours = segment.end
        elif not event.to_peer and opening == SYN | ACK and segment.ack == ours:
            theirs = segment.end if theirs is None else theirs
        elif event.to_peer and None not in (ours, theirs) and opening == ACK:
            bare = not segment.seg_len and (segment.seq, segment.ack) == (ours, theirs)
            return (index, ours, theirs) if bare else None  # type: ignore[return-value]
    return None


def spliced(transcript: Transcript) -> bool | None:
    """Whether our bare ACK of the handshake was answered at once, as by who opens the other half only then.

    None where something else of ours came first.
    """
    opened = opened_at(transcript)
    if opened is None:
        return None
    index, ours, theirs = opened
    events = transcript.judged[index + 1 :]
    if not events:
        return None
    first = events[0]
    if isinstance(first, Seen):
        pure = (first.segment.flags & (ACK | RST | SYN | FIN), first.segment.seq, first.segment.ack)
        return None if first.to_peer else pure == (ACK, theirs, ours) and not first.segment.length
    return False


def answers_anew(transcript: Transcript) -> bool | None:
    """Whether a SYN of ours on a connection that stands was answered by a SYN,ACK with an ISN of its own.

    None where no such SYN was answered.
    """
    opened = opened_at(transcript)
    asked: set[Seq] = set()
    for index, event in transcript.seen():
        if opened is None or index <= opened[0]:
            continue
        segment = event.segment
        kind = segment.flags & (SYN | ACK | RST | FIN)
        if event.to_peer and kind == SYN:
            asked.add(segment.end)
        elif not event.to_peer and asked and kind == SYN | ACK:
            return segment.ack in asked and segment.end != opened[2]
        elif not event.to_peer and asked and kind == ACK and not segment.length:
            return False
        elif kind & (FIN | RST):
            return None  # it stands no longer
    return None
