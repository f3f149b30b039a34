"""A SYN proxy: it answers SYNs in the peer's place, and what of a record is the peer's then.

Who completes a handshake with the proxy gets a connection to the peer, which the proxy opens with the same SYN (Linux's
``synproxy`` does, and tells of the peer's window once that is there). From then on it passes on whatever is no SYN,
with other numbers of the peer's; into a RST of the peer's Linux even puts one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from probe.engine.belief.events import Event, Seen, Transcript, segment_at
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq

_KINDS = SYN | ACK | RST


@dataclass(frozen=True, slots=True)
class Through:
    """What of a record passed between the tester and the peer: ``transcript``, its events counted anew.

    Up to event ``begins`` it shows the proxy. It ends with a RST of the peer's, as nothing is passed on behind one;
    where ``changed``, its number was the proxy's, and is now that of one that refuses what the tester sent last.
    ``taken``: there were SYNs behind the handshake, which are the proxy's, too.
    """

    transcript: Transcript
    begins: int
    changed: bool
    taken: bool


@dataclass(frozen=True, slots=True)
class _Handshake:
    """The events of SYN, SYN,ACK and ACK, and the numbers behind both SYNs."""

    syn: int
    syn_ack: int
    ack: int
    ours: Seq
    theirs: Seq


def through(transcript: Transcript) -> Through | None:
    """The record as the peer took part in it; None where it got no connection, or not one with what our SYN carried."""
    events = transcript.judged
    opened = _handshake(events)
    if opened is None:
        return None
    updates = list(_updates(events, opened))
    opening = (opened.syn, opened.syn_ack, opened.ack, *_that_move(events, opened, updates))
    kept = {index: events[index] for index in opening}
    begins, last, refused = len(kept) - 1, max((opened.ack, *updates)), opened.theirs
    proxys = frozenset(_answered_by_proxy(events, last))
    for index in range(last + 1, len(events)):
        event = events[index]
        if index in proxys:
            continue
        if isinstance(event, Seen) and event.to_peer:
            refused = event.segment.ack if event.segment.flags & ACK else refused
        elif isinstance(event, Seen) and event.segment.flags & RST:
            changed = event.segment.seq != refused
            kept[index] = replace(event, segment=replace(event.segment, seq=refused))
            return Through(_renumbered(transcript, kept, last), begins, changed, bool(proxys))
        kept[index] = event
    return Through(_renumbered(transcript, kept, last), begins, changed=False, taken=bool(proxys))


def _answered_by_proxy(events: Sequence[Event], last: int) -> Iterator[int]:
    """SYNs behind event ``last``, their SYN,ACKs, and what acknowledges those."""
    asked: set[Seq] = set()
    fresh: set[Seq] = set()
    for index in range(last + 1, len(events)):
        event = events[index]
        if not isinstance(event, Seen):
            continue
        segment, kind = event.segment, event.segment.flags & _KINDS
        if event.to_peer and kind & SYN:
            asked.add(segment.end)
            yield index
        elif not event.to_peer and kind == SYN | ACK and segment.ack in asked:
            fresh.add(segment.end)
            yield index
        elif event.to_peer and kind & ACK and segment.ack in fresh:
            yield index


def _handshake(events: Sequence[Event]) -> _Handshake | None:
    """The first that was completed by bare segments; text and FIN on them do not go further than the proxy."""
    syns: dict[Seq, int] = {}
    answers: dict[tuple[Seq, Seq], int] = {}
    for index, event in enumerate(events):
        if not isinstance(event, Seen):
            continue
        segment, kind = event.segment, event.segment.flags & _KINDS
        if event.to_peer and kind == SYN:
            syns[segment.end] = index
        elif not event.to_peer and kind == SYN | ACK:
            answers.setdefault((segment.ack, segment.end), index)
        elif event.to_peer and kind == ACK and (segment.seq, segment.ack) in answers and segment.seq in syns:
            syn = syns[segment.seq]
            bare = segment_at(events, syn).seg_len == 1 and not segment.seg_len
            answer = answers[segment.seq, segment.ack]
            return _Handshake(syn, answer, index, segment.seq, segment.ack) if bare else None
    return None


def _updates(events: Sequence[Event], opened: _Handshake) -> Iterator[int]:
    """The ACKs that answer the one of the handshake."""
    for index in range(opened.ack + 1, len(events)):
        event = events[index]
        if not isinstance(event, Seen) or event.to_peer:
            return
        segment = event.segment
        numbers = (segment.seq, segment.ack)
        if segment.flags & (_KINDS | FIN) != ACK or segment.length or numbers != (opened.theirs, opened.ours):
            return
        yield index


def _that_move(events: Sequence[Event], opened: _Handshake, updates: Sequence[int]) -> Iterator[int]:
    """Those of the updates that tell of another window than what came before."""
    offer, answer = segment_at(events, opened.syn), segment_at(events, opened.syn_ack)
    shift = (answer.window_scale or 0) if offer.window_scale is not None else 0
    window = answer.window
    for index in updates:
        now = segment_at(events, index).window << shift
        if now != window:
            yield index
        window = now


def _renumbered(transcript: Transcript, kept: dict[int, Event], last: int) -> Transcript:
    """A transcript of these events; ``last`` is the one after which the peer was there."""
    places = {old: new for new, old in enumerate(kept)}

    def moved(old: int) -> int:
        return max((new for known, new in places.items() if known <= old), default=-1)

    return Transcript(
        list(kept.values()),
        [replace(m, index=moved(m.index)) for m in transcript.missing if m.index > last],
        transcript.foreign,
        interrupted=transcript.interrupted,
        named={places[at]: rule for at, rule in transcript.named.items() if at in places},
        places={places[at]: place for at, place in transcript.places.items() if at in places},
        errors=[replace(e, index=moved(e.index), about=places.get(e.about, -1)) for e in transcript.errors],
        dropped=transcript.dropped,
    )
