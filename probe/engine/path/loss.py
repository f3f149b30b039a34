"""Loss as measured: the tester's segments that any peer must answer, and how many of them met silence.

A silence counts as a loss only where another attempt at the same exchange was answered at the same place of the
script: what is never answered there may be the peer's doing, and that is what is to be judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from probe.engine.belief.events import Quiet, Seen, Transcript
from probe.engine.belief.watch import Watch
from probe.results.path import UNMEASURED, Loss
from probe.spec.segment import ACK, OPENING, RST, SYN, Segment
from probe.spec.states import State

_NO_CONNECTION = {State.CLOSED.value, State.LISTEN.value}


@dataclass(frozen=True, slots=True)
class Controls:
    """The places in the script of one attempt whose segments were answered, and of the one that met silence.

    ``syns`` are SYNs, ``resets`` ask for a RST: a SYN to a closed port is both, and a limit on either may strike it.
    ``bare`` are the others that are empty ACKs, or ask for one; ``opening`` the SYNs that found no connection.
    """

    answered: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    syns: tuple[int, ...] = ()
    bare: tuple[int, ...] = ()
    resets: tuple[int, ...] = ()
    opening: tuple[int, ...] = ()
    aborted: bool = False
    """Whether a RST of ours had been sent before the record departs."""

    @property
    def lost_opening(self) -> bool:
        """Whether it is a SYN to a listener that met silence: what a full backlog drops."""
        return not set(self.opening).isdisjoint(self.silent)

    @property
    def lost_syn(self) -> bool:
        """Whether it is a SYN that met silence."""
        return not set(self.syns).isdisjoint(self.silent)

    @property
    def lost_reset(self) -> bool:
        """Whether it is a RST that did not come."""
        return not set(self.resets).isdisjoint(self.silent)


NO_CONTROLS = Controls()


def controls(transcript: Transcript, watch: Watch) -> Controls:
    """What one attempt tells of loss; ``watch`` has followed it without any excuse."""
    events = transcript.judged
    answered: set[int] = set()
    bare = {index for index, event in transcript.seen() if is_bare(event.segment)}
    resets = set[int]()
    for index, event in transcript.seen():
        asked = {answer.index for answer in watch.after(index).answers}
        if not event.to_peer and len(asked) == 1:
            answered |= asked - {-1}
            bare |= asked if index in bare else set()
            resets |= asked if event.segment.flags & RST else set()
    silent: set[int] = set()
    # ``watch`` may have gone on to the clearing up, which is not judged.
    broken = [] if watch.broken_at is None else events[watch.broken_at :][:1]
    if broken and isinstance(broken[0], Quiet):
        histories = watch.memory.closure(watch.before, watch.terms)
        owed = [(due.index, due.reply.flags) for h in histories for due in (h.due, h.owed) if due is not None]
        silent = {min(owed)[0]} - answered if owed else set()  # what was answered in part has arrived
        bare |= {index for index, flags in owed if flags & OPENING == ACK}
        resets |= {index for index, flags in owed if flags & RST}
    silent |= set(syns_again(transcript))
    sent = ((i, events[i]) for i in answered | silent)
    syns = {i for i, e in sent if isinstance(e, Seen) and e.segment.flags & (SYN | ACK) == SYN}
    opening = {i for i in syns if _NO_CONNECTION.issuperset(watch.after(i - 1).states)}
    # A SYN that was sent again has the place of the first.
    known, missed, opened, emptied, refused, first = (
        {transcript.place(i) for i in some & (answered | silent)}
        for some in (answered, silent, syns, bare, resets, opening)
    )
    ended = (i for i, e in transcript.seen() if e.to_peer and e.segment.flags & RST)
    aborted = watch.broken_at is not None and next(ended, len(events)) < watch.broken_at
    bare_only = emptied - opened - refused
    places = _sorted(known), _sorted(missed), _sorted(opened), _sorted(bare_only), _sorted(refused), _sorted(first)
    return Controls(*places, aborted)


def _sorted(places: set[int]) -> tuple[int, ...]:
    return tuple(sorted(places))


def is_bare(segment: Segment) -> bool:
    """Whether it is an ACK and nothing else."""
    return segment.flags & OPENING == ACK and not segment.length


def syns_again(transcript: Transcript) -> Iterator[int]:
    """Our SYNs that were sent again, as nothing had come."""
    for (index, one), (_, two) in pairwise(transcript.seen()):
        if one.to_peer and two.to_peer and one.segment == two.segment and one.segment.flags & OPENING == SYN:
            yield index


@dataclass(slots=True)
class LossMeter:
    """Counts the controls of a run as its attempts come in; ``exchange`` is anything that tells exchanges apart."""

    loss: Loss = UNMEASURED
    """The figures so far."""
    _answered: defaultdict[object, set[int]] = field(default_factory=lambda: defaultdict(set))
    _silent: defaultdict[object, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, exchange: object, found: Controls) -> None:
        """One more attempt."""
        known, waiting = self._answered[exchange], self._silent[exchange]
        lost: Counter[int] = Counter()
        if waiting:
            lost.update({place: waiting.pop(place, 0) for place in found.answered})  # those silences were the path's
        known.update(found.answered)
        for place in found.silent:
            (lost if place in known else waiting)[place] += 1

        def count(places: Iterable[int]) -> tuple[int, int]:
            missed = sum(lost[place] for place in places) if lost else 0
            return sum(place in found.answered for place in places) + missed, missed

        asked, syns = len(found.answered) + lost.total(), set(found.syns) - set(found.resets)
        self.loss += Loss(asked, lost.total(), *count(syns), *count(found.bare), *count(found.resets))


def measured(exchanges: Iterable[Iterable[Controls]]) -> Loss:
    """The figures of whole exchanges, each given by its attempts."""
    meter = LossMeter()
    for number, attempts in enumerate(exchanges):
        for found in attempts:
            meter.add(number, found)
    return meter.loss
