"""Judges both ends of one captured connection: the tracker of the live check, once for each end.

A capture sits somewhere on the path, loses records and starts when it likes. So every history is allowed that a
correct end can have had: lost segments, segments that were not recorded, an application that does as it pleases. Only
what none of them explains is a finding; a silence never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from probe.engine import blame
from probe.engine.connection import Packet
from probe.engine.events import Event, Seen
from probe.engine.hypothesis import ABORT, COOKIES, LOSS, PEER_ISN, REPEAT, TESTER_ISN, UNSEEN, Hypothesis
from probe.engine.judge import grade, show
from probe.engine.tracker import UNKNOWN_PORT, Belief, Terms
from probe.engine.verdict import Finding, Word
from probe.engine.watch import Watch
from probe.spec.segment import ACK, RST, SYN
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb

_LADDER = (
    frozenset({ABORT, REPEAT}),
    frozenset({ABORT, REPEAT, LOSS}),
    frozenset({ABORT, REPEAT, LOSS, COOKIES}),
    frozenset({ABORT, REPEAT, LOSS, UNSEEN}),
)
"""What a history may use, the plainer explanation first."""
_OPENING: Belief = frozenset({Hypothesis(Tcb(State.CLOSED))})
_MIDSTREAM_STATES = (
    State.ESTABLISHED,
    State.CLOSE_WAIT,
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.CLOSING,
    State.LAST_ACK,
)


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """What both ends of a connection did.

    The states are (RFC name, index into the packets) for each step at which an end's state became certain and was a new
    one. ``findings`` name packets by their place, counted from 1. ``complete`` is False where only segments that are
    not in the record explain it.
    """

    client_states: tuple[tuple[str, int], ...]
    server_states: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    word: Word
    complete: bool


def judge_pair(packets: Sequence[Packet], profile: str = "rfc9293") -> PairVerdict:
    """Judge one connection from its packets in the order of the record (times are not looked at)."""
    server, server_findings, server_whole = _end(packets, profile, client=False)
    client, client_findings, client_whole = _end(packets, profile, client=True)
    findings = (*server_findings, *client_findings)
    word = max((f.word for f in findings), key=[Word.WARN, Word.FAIL].index, default=Word.PASS)
    return PairVerdict(client, server, findings, word, server_whole and client_whole)


def _end(
    packets: Sequence[Packet], profile: str, *, client: bool
) -> tuple[tuple[tuple[str, int], ...], tuple[Finding, ...], bool]:
    """States, findings and whether the record explains the end without segments it lacks."""
    events: list[Event] = [Seen(0.0, p.from_client != client, p.segment, i) for i, p in enumerate(packets, 1)]
    start = _start(packets, client=client)
    if start is None:
        return (), (), False
    bases = _bases(packets, client=client)
    for seen in (events, *_without_copies(events)):
        watch = _first_explained(seen, start, profile, bases)
        if watch.broken_at is None:
            return _states(watch, seen), (), UNSEEN not in watch.terms.allow
    strict = _followed(events, start, Terms(profile, _LADDER[0]), bases)
    return _states(strict, events), (_finding(events, strict),), True


def _without_copies(events: list[Event]) -> list[list[Event]]:
    """The record without later copies of the end's SYN, which the network may have made; empty if there are none."""
    first: dict[tuple[int, Seq], int] = {}
    kept = []
    for event in events:
        assert isinstance(event, Seen)
        kind = event.segment.flags & (SYN | ACK), event.segment.seq
        if event.to_peer or not event.segment.flags & SYN or first.setdefault(kind, event.number) == event.number:
            kept.append(event)
    return [list[Event](kept)] if len(kept) < len(events) else []


def _bases(packets: Sequence[Packet], *, client: bool) -> tuple[Seq | None, Seq | None]:
    """The ISNs of the other end and of the end itself, as far as anything in the record tells them."""
    return _isn(packets, not client), _isn(packets, client)


def _isn(packets: Sequence[Packet], from_client: bool) -> Seq | None:
    """The number of the first SYN; without one, the number before the first octet spoken of."""
    own = [p.segment for p in packets if p.from_client == from_client]
    opening = next((s.seq for s in own if s.flags & SYN), None)
    if opening is not None:
        return opening
    heard = [p.segment.ack - 1 for p in packets if p.from_client != from_client and p.segment.flags & ACK]
    said = [s.seq - 1 for s in own if not s.flags & RST or s.seq]
    return min((*heard[:1], *said[:1]), key=lambda n: n - (heard or said)[0], default=None)


def _first_explained(events: list[Event], start: Belief, profile: str, bases: tuple[Seq | None, Seq | None]) -> Watch:
    """The walk with the plainest terms that explain everything; the last one tried where none does."""
    watch = _followed(events, start, Terms(profile, _LADDER[0]), bases)
    for allow in _LADDER[1:]:
        if watch.broken_at is None:
            break
        watch = _followed(events, start, Terms(profile, allow), bases)
    return watch


def _followed(events: Iterable[Event], start: Belief, terms: Terms, bases: tuple[Seq | None, Seq | None]) -> Watch:
    watch = Watch(start, terms)
    watch.numbers.tester, watch.numbers.peer = bases
    for event in events:
        watch.feed(event)
        if watch.broken_at is not None or len(watch.belief) > _MANY:
            break
    return watch


def _start(packets: Sequence[Packet], *, client: bool) -> Belief | None:
    """What is believed before the first packet: CLOSED or LISTEN, or anything synchronized in mid-connection."""
    first = packets[0].segment
    if first.flags & (SYN | ACK) == SYN and packets[0].from_client:
        return _OPENING if client else _answering(packets)
    if first.flags & RST or any(p.segment.flags & SYN for p in packets):
        return None  # what asked for it is not in the record, or there is more than one connection in it
    return _midstream(packets, client=client)


def _answering(packets: Sequence[Packet]) -> Belief | None:
    """A port that may listen; None where an older connection answers the SYN (RFC 9293 section 3.5.1 Figure 9)."""
    answer = next((p.segment for p in packets if not p.from_client), None)
    older = answer is not None and not answer.flags & (SYN | RST)
    return None if older else UNKNOWN_PORT


def _midstream(packets: Sequence[Packet], *, client: bool) -> Belief | None:
    """Every synchronized state at the numbers of the end's first segment, canonical; None if it never speaks."""
    first = next((p.segment for p in packets if p.from_client == client), None)
    other, own = _bases(packets, client=client)
    if first is None or own is None or other is None or first.flags & (ACK | SYN | RST) != ACK:
        return None
    seq, ack = PEER_ISN + (first.seq - own), TESTER_ISN + (first.ack - other)
    said = [p.segment.seq for p in packets if p.from_client == client and not p.segment.flags & RST]
    oldest = min((PEER_ISN + (number - own) for number in said), key=lambda number: number - seq)
    numbers = Tcb(
        State.ESTABLISHED,
        iss=oldest - 1,
        snd_una=oldest,
        snd_nxt=seq,
        snd_wnd=_ANY_WINDOW,
        max_snd_wnd=_ANY_WINDOW,
        irs=TESTER_ISN,
        rcv_nxt=ack,
        rcv_wnd=_ANY_WINDOW,
        rcv_shift=_ANY_SHIFT,
        snd_shift=_ANY_SHIFT,
    )
    return frozenset(
        Hypothesis(replace(numbers, state=state, fin_received=state in _FIN_RECEIVED)) for state in _MIDSTREAM_STATES
    )


_MANY = 48
"""So many histories at once will not all end: the record is too thin to be judged further."""
_ANY_WINDOW = 1 << 30
_ANY_SHIFT = 14
"""The SYNs that agreed on a window scale were not recorded: the largest shift refuses nothing (RFC 7323 2.3)."""
_FIN_RECEIVED = {State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK}


def _states(watch: Watch, events: list[Event]) -> tuple[tuple[str, int], ...]:
    """Where in the record the state became certain and was a new one."""
    steps: list[tuple[str, int]] = []
    for event, states in zip(events, watch.states, strict=False):
        assert isinstance(event, Seen)
        if len(states) == 1 and (not steps or steps[-1][0] != states[0]):
            steps.append((states[0], event.number - 1))
    return tuple(steps)


def _finding(events: list[Event], watch: Watch) -> Finding:
    """The departure as the live check names it."""
    index = watch.broken_at
    assert index is not None
    event = events[index]
    assert isinstance(event, Seen)
    culprit = blame.for_segment(watch.before, watch.terms, watch.numbers.canonical(event.segment, event.to_peer))
    asked = events[culprit.index] if culprit.index >= 0 else None
    sent = show(watch, asked) if isinstance(asked, Seen) else "nothing"
    packets = tuple(e.number for e in (asked, event) if isinstance(e, Seen))
    return grade(culprit.rule, sent, culprit.due, show(watch, event), packets)
