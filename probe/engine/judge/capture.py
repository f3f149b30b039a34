"""Judges both ends of one captured connection: the tracker of the live check, once for each end.

A capture sits somewhere on the path, loses records and starts when it likes. So every history is allowed that a
correct end can have had: lost segments, segments that were not recorded, an application that does as it pleases. Only
what none of them explains is a finding; a silence never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from probe.engine.belief.events import Event, Seen
from probe.engine.belief.hypothesis import (
    ABORT,
    BARE_FIN,
    COOKIES,
    LOSS,
    REPEAT,
    UNSEEN,
    Hypothesis,
)
from probe.engine.belief.tracker import UNKNOWN_PORT, Belief, Terms
from probe.engine.belief.watch import Watch
from probe.engine.judge import blame
from probe.engine.judge.attempt import grade, show
from probe.engine.path import reordering as late
from probe.results.connection import Packet
from probe.results.verdict import Finding, Verdict
from probe.spec.models import PEER_ISN, TESTER_ISN
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq, later
from probe.spec.states import State
from probe.spec.tcb import Tcb

_LADDER = (
    frozenset({ABORT, REPEAT, BARE_FIN}),
    frozenset({ABORT, REPEAT, BARE_FIN, LOSS}),
    frozenset({ABORT, REPEAT, BARE_FIN, LOSS, COOKIES}),
    frozenset({ABORT, REPEAT, BARE_FIN, LOSS, UNSEEN}),
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
    not in the record explain it. ``timed``: with other times between the packets the verdict could be another.
    ``by_client`` says of each finding whether it stands against the client, else against the server.
    """

    client_states: tuple[tuple[str, int], ...]
    server_states: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    word: Verdict
    complete: bool
    timed: bool = False
    by_client: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class _End:
    """What one end did; ``whole``: the record explains it without segments that it lacks."""

    states: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    whole: bool = False
    timed: bool = False


def judge_pair(packets: Sequence[Packet], profile: str = "rfc9293") -> PairVerdict:
    """Judge one connection from its packets in the order of the record."""
    server = _end(packets, range(_anew(packets), len(packets)), profile, client=False)
    client = _end(packets, range(len(packets)), profile, client=True)
    findings = (*server.findings, *client.findings)
    word = max((f.word for f in findings), key=[Verdict.WARN, Verdict.FAIL].index, default=Verdict.PASS)
    whole, timed = server.whole and client.whole, server.timed or client.timed
    by_client = (False,) * len(server.findings) + (True,) * len(client.findings)
    return PairVerdict(client.states, server.states, findings, word, whole, timed, by_client)


def _end(packets: Sequence[Packet], recorded: Sequence[int], profile: str, *, client: bool) -> _End:
    """Judge one end; ``recorded`` are the places of the packets that count for it."""
    start = _start([packets[at] for at in recorded], client=client)
    if start is None:
        return _End()

    def explained(order: Sequence[int], ladder: Sequence[frozenset[str]] = _LADDER) -> Watch:
        """Bases and, in mid-connection, the start depend on who is heard first."""
        some = [packets[at] for at in order]
        begin = _start(some, client=client) or start
        events, bases = _events(packets, order, client=client), _bases(some, client=client)
        return _first_explained(events, begin, profile, bases, ladder)

    orders = (recorded, *_without_copies(packets, recorded, client=client))
    # That the network made a copy is a plainer story than that it lost something, or that the record lacks it.
    for allow, order in product(_LADDER, orders):
        watch = explained(order, (allow,))
        if watch.broken_at is None:
            return _End(_states(watch, order), (), UNSEEN not in watch.terms.allow)
    watch, order = late.put_right(packets, order, watch, client=client, follow=explained)
    if watch.broken_at is None:
        return _End(_states(watch, order), (), UNSEEN not in watch.terms.allow, timed=True)
    events = _events(packets, recorded, client=client)
    bases = _bases([packets[at] for at in recorded], client=client)
    strict = _followed(events, start, Terms(profile, _LADDER[0]), bases)
    return _End(_states(strict, recorded), (_finding(events, strict),), whole=True, timed=True)


def _without_copies(packets: Sequence[Packet], recorded: Sequence[int], *, client: bool) -> list[list[int]]:
    """The record without copies of the end's segments, which the network may have made; empty if there are none.

    A SYN sent again may differ in all but its number. Text is a copy where all was sent before, an empty ACK where
    it takes back what the end had acknowledged, or its own number (a keep-alive is but one below): their first copies
    may have been folded away. Others must be equal.
    """
    first: dict[object, int] = {}
    acked: Seq | None = None
    sent: Seq | None = None
    kept = []
    for at in recorded:
        packet, s = packets[at], packets[at].segment
        if packet.from_client != client:
            kept.append(at)
            continue
        if s.flags & (SYN | FIN | RST):
            key = (s.flags & (SYN | ACK), s.seq) if s.flags & SYN else (s.seq, s.ack, s.flags, s.window, s.options)
            copy = first.setdefault(key, at) != at
        elif s.length:
            copy = sent is not None and s.end <= sent
        else:
            copy = (acked is not None and s.ack < acked) or (sent is not None and s.seq < sent - 1)
        if not copy:
            kept.append(at)
            acked = s.ack if acked is None or not s.flags & ACK else later(acked, s.ack)
            sent = s.end if sent is None or s.flags & SYN else later(sent, s.end)
    return [kept] if len(kept) < len(recorded) else []


def _anew(packets: Sequence[Packet]) -> int:
    """Where the server's part in the connection begins: at the first packet, or, where answers of an older connection
    come first (RFC 9293 section 3.5.1 Figure 9), at the SYN that follows the last of them.
    """
    asked = {p.segment.end for p in packets if p.from_client and p.segment.flags & SYN}
    older = 0
    for place, packet in enumerate(packets):
        segment = packet.segment
        if packet.from_client:
            continue
        if segment.flags & (SYN | RST) or segment.ack in asked:
            break
        older = place
    anew = (at for at, p in enumerate(packets) if at > older > 0 and p.from_client and p.segment.flags & SYN)
    return next(anew, 0)


def _events(packets: Sequence[Packet], order: Iterable[int], *, client: bool) -> list[Event]:
    """The packets in this order as the end in question meets them, numbered by their places in the record from 1."""
    return [Seen(0.0, packets[at].from_client != client, packets[at].segment, at + 1) for at in order]


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


def _first_explained(
    events: list[Event],
    start: Belief,
    profile: str,
    bases: tuple[Seq | None, Seq | None],
    ladder: Sequence[frozenset[str]],
) -> Watch:
    """The walk with the plainest terms that explain everything; the last one tried where none does."""
    watch = _followed(events, start, Terms(profile, ladder[0]), bases)
    for allow in ladder[1:]:
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
    """A port that may listen; None where what answers the SYN is of an older connection, or not the first answer."""
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


def _states(watch: Watch, order: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Where the state became certain and was a new one; ``order``: the places of the packets followed."""
    steps: list[tuple[str, int]] = []
    for states, place in zip(watch.states, order, strict=False):
        if len(states) == 1 and (not steps or steps[-1][0] != states[0]):
            steps.append((states[0], place))
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
