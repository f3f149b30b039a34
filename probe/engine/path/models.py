"""What the suspects do: models that say which segments of a record never had to do with the connection.

A model is asked for one record and gives events by their index: segments of the tester that it keeps back, and
segments that came although they are not of the connection (``engine.belief.watch.follow`` passes over all of them).
What a model cannot do is say that it is there: that takes the evidence of a whole run (``engine.path.evidence``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from probe.engine.belief.events import Event, Seen, segment_at
from probe.engine.path.filter import Label, Settings
from probe.engine.path.labelled import Labelled, Tracks
from probe.engine.path.minded import PREFIX, minded
from probe.engine.path.pf import PacketFilter
from probe.engine.path.record import Named
from probe.engine.path.rejected import kind
from probe.engine.path.swallowed import flags_of, of_kind
from probe.engine.path.table import Plain
from probe.engine.path.unusual import KINDS, Kinds
from probe.results.path import Suspect
from probe.spec.arrives import arrives
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq, later
from probe.spec.states import State
from probe.spec.tcb import Tcb

Keeps = Callable[[Labelled], frozenset[int]]


def _no_events(_: Labelled) -> frozenset[int]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Model:
    """One way in which a suspect may work. ``keeps`` gives the events of a record that it makes void.

    ``turns`` are segments of the tester that it turns away: none of them is answered by the peer. Most models keep back
    what they turn away, seen or not; one that sends a RST for it (``_reset``) only where that RST came.
    ``mutes`` gives segments of the tester that it lets pass, and whose answer it may keep back; of the peer's with one
    of the flags ``unheard`` none comes. ``elsewhere``: it lets
    through all that goes to the port that the peer serves, as hosts have it that open that one without a condition.
    It is worth a doubt once it explains so many ``questions`` that have nothing to do with each other: an end that is
    silent to strays looks like one behind a firewall that forgets.
    Of several that explain the same the one that keeps back least is meant: they stand in that order.
    """

    suspect: Suspect
    variant: str
    keeps: Keeps
    text: str
    turns: Keeps | None = None
    mutes: Keeps = _no_events
    elsewhere: bool = False
    unheard: int = 0
    questions: int = 1

    def on(self, scenario: Named) -> Model:
        """The same where such an exchange is played: it may have nothing to do with that port."""
        if not self.elsewhere or scenario.opens == "peer" or scenario.port == "closed":
            return self
        return _IDLE

    def mutes_at(self, record: Labelled, broken: int | None) -> bool:
        """Whether the record departs by a silence after a segment whose answer may be kept back."""
        events = record.events
        if broken is None or isinstance(events[broken], Seen):
            return False
        asked = next((index for index in reversed(range(broken)) if _sent(events[index])), None)
        return asked in self.mutes(record)


_IDLE = Model(Suspect.FILTER, "idle", _no_events, "a filter that has nothing to do with the exchange")


def _invalid(record: Labelled, settings: Tracks) -> frozenset[int]:
    """What connection tracking calls invalid, of the tester's."""
    return record.by(settings).invalid


def _strays(record: Labelled, settings: Tracks) -> frozenset[int]:
    """What meets no connection that is tracked, and begins none: the RST that answers it is invalid.

    Where only what leaves the peer is looked at, that is as if the segment had been kept back. Any other answer passes.
    """
    return frozenset(i for i in record.by(settings).strays if not any(map(_passes, record.events[i + 1 : i + 2])))


def _passes(event: Event) -> bool:
    """Whether it is a segment of the peer, and no RST."""
    return isinstance(event, Seen) and not event.to_peer and not event.segment.flags & RST


def _reset(record: Labelled, settings: Tracks) -> frozenset[int]:
    """What connection tracking calls invalid and a RST came for, and those RSTs. For a RST none is sent."""
    invalid = record.by(settings).invalid
    refusals = _refusals(record.events, invalid)
    silent = (i for i in invalid if segment_at(record.events, i).flags & RST)
    # Of what is a bad state pf tells nothing, whatever its rules answer to what has no state.
    dropped = invalid - record.by(settings).strays if isinstance(settings, PacketFilter) else frozenset()
    return frozenset({*refusals, *refusals.values(), *silent, *dropped})


def _unnoted(record: Labelled, settings: Tracks, *, mapped: bool = False) -> frozenset[int]:
    """Text that connection tracking lets pass as a duplicate, by its ACK field: it knows of no such text.

    Where the peer takes it, as it may, its ACK is invalid. A translator, of a connection that is ``mapped``, does not
    know whose that is, takes it for its own and refuses it: the peer's connection ends.
    """
    labels = record.by(settings)
    return labels.behind & labels.begun if mapped else labels.behind


def _translated(record: Labelled) -> frozenset[int]:
    """What has no mapping goes on from our own address, where it meets no connection of the peer; a RST may come back.

    A connection that the peer opens to us needs no mapping. What of ours follows its end gets one, and so is a stray.
    """
    labels, first = record.by(Settings()), next((e for e in record.events if isinstance(e, Seen)), None)
    stray = labels.invalid if first is not None and first.to_peer else labels.begun
    return stray.union(_refusals(record.events, stray))


def _refusals(events: Sequence[Event], strays: Collection[int]) -> dict[int, int]:
    """The RSTs with which a port without that connection answers these segments of the tester, each with its segment.

    Such is RFC 9293 section 3.10.7.1 and .2, for open ports as for closed ones.
    """
    waiting: list[int] = []
    found = {}
    for index, event in enumerate(events):
        if index in strays:
            waiting.append(index)
        elif isinstance(event, Seen) and not event.to_peer and event.segment.flags & RST:
            refused = next((i for i in waiting if _refuses(event.segment, segment_at(events, i))), None)
            if refused is not None:
                waiting.remove(refused)
                found[index] = refused
    return found


def _refuses(segment: Segment, stray: Segment) -> bool:
    ports = (Tcb(State.LISTEN, listening=True), Tcb(State.CLOSED))
    replies = [r.reply for tcb in ports for r in arrives(tcb, stray)]
    return any(reply is not None and reply.matches(segment) for reply in replies)


def _outside(record: Labelled) -> frozenset[int]:
    """What is outside the window or the state of the connection: old octets and ACKs too, whatever begins without SYN.

    RCV.NXT and the window of the peer are those of its last ACK, so that only what is in order passes.
    """
    kept = set()
    expected = sent = None
    window = shift = 0
    for index, label in record.by(Settings(loose=False)).called.items():
        event = record.events[index]
        if not isinstance(event, Seen):
            continue
        segment = event.segment
        if not event.to_peer:
            if segment.flags & ACK and not segment.flags & RST:
                opening = segment.flags & SYN
                shift = (segment.window_scale or 0) if opening else shift
                expected = segment.ack if expected is None or opening else later(expected, segment.ack)
                window = segment.window << (0 if opening else shift)
            sent = segment.end if sent is None or segment.flags & SYN else later(sent, segment.end)
        elif label is Label.INVALID or (label is Label.VALID and not _in_order(segment, expected, window, sent)):
            kept.add(index)
    return frozenset(kept)


def _in_order(segment: Segment, expected: Seq | None, window: int, sent: Seq | None) -> bool:
    if expected is None or sent is None:
        return True  # the peer has said nothing yet
    if segment.flags & SYN or (segment.flags & ACK and not sent - 0xFFFF <= segment.ack <= sent):
        return False
    return expected <= segment.seq <= expected + window and segment.end <= expected + max(window, 1)


def _deferred(record: Labelled) -> frozenset[int]:
    """The handshake's ACKs without text and FIN, up to the first segment that brings one."""
    kept: set[int] = set()
    iss = irs = None
    for index, event in enumerate(record.events):
        if not isinstance(event, Seen):
            continue
        segment, opening = event.segment, event.segment.flags & (SYN | ACK | RST)
        if not event.to_peer:
            irs = segment.seq if opening == SYN | ACK else irs
        elif opening == SYN:
            iss = segment.seq
        elif iss is not None and irs is not None and opening == ACK and segment.ack == irs + 1:
            if segment.end > iss + 1:
                break
            if segment.seq == iss + 1:
                kept.add(index)
    return frozenset(kept)


def _rejected(record: Labelled, kinds: frozenset[str], kinds_of: Kinds) -> frozenset[int]:
    """The tester's segments of one of these kinds."""
    sent = ((i, e) for i, e in enumerate(record.events) if isinstance(e, Seen) and e.to_peer)
    return frozenset(i for i, event in sent if not kinds.isdisjoint(kinds_of(event.segment)))


def _minded(record: Labelled, classes: frozenset[str] | None = None) -> frozenset[int]:
    """The tester's segments of one of these classes (None: of any)."""
    return frozenset(i for i, found in minded(record.events) if classes is None or found in classes)


def _new(record: Labelled) -> frozenset[int]:
    """The tester's SYNs that it had not sent before; one that is sent again at once counts with its repetition."""
    seen = [(index, event) for index, event in enumerate(record.events) if isinstance(event, Seen)]
    kept, known = set(), set()
    for place, (index, event) in enumerate(seen):
        segment = event.segment
        if not event.to_peer or segment.flags & (SYN | ACK | RST) != SYN:
            continue
        if segment.seq not in known and all(later.segment != segment for _, later in seen[place + 1 : place + 2]):
            kept.add(index)
        known.add(segment.seq)
    return frozenset(kept)


def _sent(event: Event) -> bool:
    return isinstance(event, Seen) and event.to_peer


_TRACKED: tuple[tuple[str, Tracks, str], ...] = (
    ("liberal", Settings(liberal=True), "what its connection tracking calls invalid, whatever its numbers"),
    (
        "liberal-begins-with-syn",
        Settings(liberal=True, loose=False),
        "what its connection tracking calls invalid, whatever its numbers, or begins without a SYN",
    ),
    ("invalid", Settings(), "what its connection tracking calls invalid"),
    ("begins-with-syn", Settings(loose=False), "what its connection tracking calls invalid or begins without a SYN"),
    ("older", Settings(older=True, loose=False), "all that its connection tracking finds outside a window"),
)
"""Variants of a filter, how they track connections, and what they turn away."""
_PF = "pf", PacketFilter(), "what the state table of pf does not know, or calls a bad state"
_FORGETTING: tuple[tuple[str, Tracks, str], ...] = (
    ("plain", Plain(), "what belongs to no connection, or comes after a RST"),
    (
        "plain-liberal",
        Plain(liberal=True),
        "what belongs to no connection, or comes after a RST, whatever its numbers",
    ),
    (
        "plain-forgets",
        Plain(forgets=True),
        "what belongs to no connection, or comes after a RST or the ACKs of both FINs",
    ),
    (
        "plain-liberal-forgets",
        Plain(liberal=True, forgets=True),
        "what belongs to no connection, or comes after a RST, whatever its numbers, or the ACKs of both FINs",
    ),
    (
        "forgets",
        Settings(loose=False, forgets=True),
        "what its connection tracking calls invalid, begins without a SYN, or comes after the end of its connection",
    ),
    _PF,
)
"""The same of firewalls that are no Linux, which stand on the way. One that forgets and answers with RSTs looks like a
peer that does: it is judged as whatever answers in a peer's place is."""


def _filter(
    variant: str, settings: Tracks, turned: str, *, resets: bool, elsewhere: bool = False, questions: int = 1
) -> Model:
    """One that turns away this, with a RST or without, on every port of the peer or on all but the one it serves."""
    invalid, where = partial(_invalid, settings=settings), "the peer's other ports" if elsewhere else "the peer"
    return Model(
        Suspect.FILTER,
        variant + "-reset" * resets + "-elsewhere" * elsewhere,
        partial(_reset, settings=settings) if resets else invalid,
        f"a stateful filter before {where} {'answers with a RST' if resets else 'drops'} {turned}",
        invalid if resets else None,
        partial(_unnoted, settings=settings),
        elsewhere,
        questions=questions,
    )


def _outgoing(variant: str, settings: Tracks) -> Model:
    """One that looks at what leaves the peer."""
    text = "a stateful filter at the peer drops its answers to what belongs to no connection"
    return Model(Suspect.FILTER, variant, partial(_strays, settings=settings), text)


_FILTERS = (
    _outgoing("outgoing", Settings()),
    _outgoing("outgoing-begins-with-syn", Settings(loose=False)),
    *(_filter(*one, resets=resets) for resets in (False, True) for one in _TRACKED),
    *(_filter(*one, resets=False, questions=2) for one in _FORGETTING),
    _filter(*_PF, resets=True, questions=2),
    Model(
        Suspect.TRANSLATION,
        "unmapped",
        _translated,
        "address translation before the peer sends on untranslated what belongs to no mapping",
        mutes=partial(_unnoted, settings=Settings(), mapped=True),
    ),
    Model(
        Suspect.FILTER,
        "strict",
        _outside,
        "a filter before the peer drops whatever is not the next in a connection that it knows",
    ),
    Model(Suspect.FILTER, "first-syn", _new, "a filter before the peer drops a SYN until it is sent again"),
    *(_filter(*one, resets=resets, elsewhere=True) for resets in (False, True) for one in _TRACKED),
)
_DEFERRED = Model(
    Suspect.DEFERRED_ACCEPT,
    "bare-ack",
    _deferred,
    "the listener takes the handshake's ACK for nothing until text comes (deferred accept)",
)
MODELS: tuple[Model, ...] = (*_FILTERS, _DEFERRED)
ANY_FIREWALL = Model(Suspect.FILTER, "any", _minded, "whatever a firewall that keeps connections in mind may mind")
_KINDS: dict[Suspect, Kinds] = {Suspect.ICMP: lambda segment: frozenset({kind(segment)}), **KINDS}


def model(suspect: Suspect, variant: str) -> Model | None:
    """The one of that name; None for a suspect that keeps back nothing.

    What is kept back by its kind, with ICMP errors or without, is a variant for itself: its kinds of segment.
    """
    if suspect is Suspect.UNDELIVERED:
        return Model(suspect, variant, lambda record: of_kind(record.events, variant), suspect.text)
    if suspect is Suspect.FILTER and variant.startswith(PREFIX):
        classes = frozenset(variant.removeprefix(PREFIX).split())
        return Model(suspect, variant, partial(_minded, classes=classes), suspect.text)
    if suspect is Suspect.UNHEARD:
        return Model(suspect, variant, _no_events, suspect.text, unheard=flags_of(variant))
    kinds_of = _KINDS.get(suspect)
    if kinds_of is not None and variant:
        keeps = partial(_rejected, kinds=frozenset(variant.split()), kinds_of=kinds_of)
        return Model(suspect, variant, keeps, suspect.text)
    return next((m for m in MODELS if (m.suspect, m.variant) == (suspect, variant)), None)
