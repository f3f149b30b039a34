"""Judges both ends of one captured connection: the tracker of the live check, once for each end.

A capture sits somewhere on the path, loses records and starts when it likes. So every history is allowed that a
correct end can have had: lost segments, segments that were not recorded, an application that does as it pleases. Only
what none of them explains is a finding; a silence never is. Where the record bears the signs of an artefact
(`path.artefacts`), what it shows broken is doubtful, and no finding. Where there are too many histories to follow them
all, the judgment ends, and says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from probe.engine.belief.events import Seen
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import UNKNOWN_PORT, Belief, Memory, Terms
from probe.engine.belief.unrecorded import UNKNOWN_SCALE
from probe.engine.belief.watch import Watch
from probe.engine.judge import blame
from probe.engine.judge.beginning import beginning, first_number
from probe.engine.judge.excuses import CAPTURE
from probe.engine.judge.findings import effect_of, grade, show
from probe.engine.path.artefacts import NO_SIGNS, Signs, injected, signs, singled
from probe.engine.path.copies import without_copies
from probe.engine.path.numberings import numberings
from probe.engine.path.reordering import Order, put_right
from probe.results.artefacts import Artefact
from probe.results.connection import Packet
from probe.results.proofs import CapturedEnd, Walk
from probe.results.verdict import Finding, Verdict, Why, worst
from probe.spec.segment import ACK, RST, SYN, TIMESTAMPS
from probe.spec.seq import Seq

_MANY = 64
"""So many histories at once will not all end: the record is too thin to be judged further."""
_MOST = 1 << 16
"""So many histories looked at for one end, over all that may explain it, are enough: real records take some hundreds,
the worst of those that lack much some thousand. What was made of strays in every window would take any number."""
_LONG = 64
"""Longer records are followed with like histories held as one from the start: to keep them apart takes too long."""
DOUBTS = frozenset(Artefact) - {Artefact.DOUBLED, Artefact.RENUMBERED, Artefact.CUT, Artefact.INJECTED}
"""Artefacts of which the models of histories do not know all that they do to a record; of the others enough is known:
copies are left out, and so are RSTs that another may have sent; each of several numberings is judged by itself, as long
as it lacks nothing; a window whose scale is cut off refuses nothing."""


@dataclass(frozen=True, slots=True)
class ConnectionVerdict:
    """What both ends of a connection did.

    The states are (RFC name, index into the packets) for each step at which an end's state became certain and was a new
    one. ``findings`` name packets by their place, counted from 1. ``complete`` is False where only segments that are
    not in the record explain it. ``timed``: with other times between the packets the verdict could be another.
    ``by_client`` says of each finding whether it stands against the client, else against the server. ``judged`` is the
    index of the last packet that counts where the judgment of an end stopped before the last one, ``why`` the reason.
    ``signs`` are those of its record; where there are such that put the findings in doubt, these are ``doubtful``.
    """

    client_states: tuple[tuple[str, int], ...]
    server_states: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    word: Verdict
    complete: bool
    timed: bool = False
    by_client: tuple[bool, ...] = ()
    judged: int | None = None
    why: Why = Why.NONE
    signs: Signs = NO_SIGNS
    doubtful: tuple[Finding, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether what is no finding is a pass."""
        return self.judged is None and not self.doubtful


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one end did; ``whole``: the record explains it without segments that it lacks.

    ``judged``: as in ``ConnectionVerdict``. ``unknown``: nothing can be believed of it, though it speaks.
    """

    states: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    whole: bool = False
    timed: bool = False
    judged: int | None = None
    unknown: bool = False


def judge_connection(
    packets: Sequence[Packet], memory: Memory, profile: str = "rfc9293", asked: Seq | None = None
) -> ConnectionVerdict:
    """Judge one connection from its packets in the order of the record.

    ``asked``: the client had just sent a SYN of that number on the same ports.
    """
    seen = signs(packets, asked)
    doubtful: tuple[Finding, ...] = ()
    both = []
    for end in _ends(packets, memory, profile, seen):
        found = end.judged()
        if found.findings and (own := end.without_injected()) is not None:
            shown, found = found.findings, own.judged()
            doubtful += () if found.findings else shown
        if found.findings and end.lacks_syn:
            doubtful += found.findings
            found = replace(found, findings=())
        both.append(found)
    server, client = both
    findings = (*server.findings, *client.findings)
    by_client = (False,) * len(server.findings) + (True,) * len(client.findings)
    if seen.artefacts & DOUBTS or Artefact.RENUMBERED in seen.artefacts - seen.minded:
        findings, by_client, doubtful = (), (), (*findings, *doubtful)
    judged = min((end.judged for end in (server, client) if end.judged is not None), default=None)
    why = Why.NONE if judged is None else Why.TOO_MANY_HISTORIES
    if server.unknown or client.unknown:
        judged, why = 0, Why.NO_START
    rest = Verdict.PASS if judged is None and not doubtful else Verdict.INCONCLUSIVE
    word = worst([rest, *(finding.word for finding in findings)])
    whole, timed = server.whole and client.whole, server.timed or client.timed or seen.timed
    return ConnectionVerdict(
        client.states, server.states, findings, word, whole, timed, by_client, judged, why, seen, doubtful
    )


def explain_connection(
    packets: Sequence[Packet], memory: Memory, profile: str = "rfc9293"
) -> tuple[CapturedEnd, CapturedEnd]:
    """How client and server were judged; packets are named by their numbers in the file."""
    server, client = (end.explained() for end in _ends(packets, memory, profile, signs(packets)))
    return client, server


def _ends(packets: Sequence[Packet], memory: Memory, profile: str, seen: Signs) -> tuple[_End, _End]:
    """The server and the client, each by its own numbering.

    Where the recorder made copies, none was sent: they are left out.
    """
    several, everything = numberings(packets), range(len(packets))
    of_client: Order
    of_server: Order
    of_client, of_server = (everything, everything) if several is None else (several.client, several.server)
    if Artefact.DOUBLED in seen.artefacts:
        of_client, of_server = (
            [places[at] for at in singled([packets[place] for place in places])] for places in (of_client, of_server)
        )
    anew = _anew(packets)
    return (
        _End(packets, [place for place in of_server if place >= anew], memory, profile, client=False),
        _End(packets, of_client, memory, profile, client=True),
    )


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


@dataclass(slots=True)
class _Effort:
    """Histories looked at for one end so far, in all its walks; counted alike whether they are remembered or not."""

    spent: int = 0

    @property
    def exhausted(self) -> bool:
        return self.spent > _MOST


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a connection. ``recorded`` are the places of the packets that count for it, in their order.

    ``merged``: histories that no later segment can tell apart are held as one (``belief.merging``); asked for, or where
    the record is long. Where the others become too many, it is followed so once more. ``effort`` bounds all the walks.
    """

    packets: Sequence[Packet]
    recorded: Order
    memory: Memory
    profile: str
    client: bool
    merged: bool = False
    effort: _Effort = field(default_factory=_Effort)

    @property
    def _held_as_one(self) -> bool:
        return self.merged or len(self.recorded) > _LONG

    @property
    def lacks_syn(self) -> bool:
        """Whether the SYN is in the record, but not in the numbering of the end."""
        syns = {at for at, p in enumerate(self.packets) if p.segment.flags & (SYN | ACK) == SYN}
        return bool(syns) and syns.isdisjoint(self.recorded)

    def without_injected(self) -> _End | None:
        """The end without RSTs that another may have sent in its name; None where there are none."""
        foreign = {self.recorded[at] for at in injected([self.packets[place] for place in self.recorded])}
        own = {place for place in foreign if self.packets[place].from_client == self.client}
        return replace(self, recorded=[at for at in self.recorded if at not in own]) if own else None

    def judged(self) -> _Verdict:
        """What the end did."""
        if self._start(self.recorded) is None:
            # A RST may answer anything that came before the record.
            own = (p.segment for p in self.packets if p.from_client == self.client)
            return _Verdict(unknown=any(not segment.flags & RST for segment in own))
        ways = self._ways()
        watch, order, moved = ways[-1]
        if watch.broken_at is None:
            judged = max(map(_explained_to, ways)) if _stopped(watch, order) else None
            return _Verdict(_states(watch, order), (), Excuse.UNRECORDED not in watch.terms.allow, moved, judged)
        if watch.terms.merged and not self._held_as_one:
            return replace(self, merged=True).judged()
        # The departure as the live check names it. It was found within bounds, so these walks are none too many.
        strict = replace(self, effort=_Effort())._follow(self.recorded, CAPTURE[0])
        assert strict.broken_at is not None
        event = self._event(self.recorded[strict.broken_at])
        culprit = blame.for_segment(strict, event)
        asked = self._event(self.recorded[culprit.index]) if culprit.index >= 0 else None
        numbers = tuple(e.number for e in (asked, event) if e is not None)
        sent = show(strict, asked) if asked is not None else "nothing"
        through = replace(self, effort=_Effort())._follow(self.recorded, CAPTURE[0], through=True)
        effect = effect_of([self._event(at) for at in self.recorded[: through.index + 1]], through)
        finding = grade(culprit.rule, sent, culprit.due, show(strict, event), numbers, effect)
        return _Verdict(_states(strict, self.recorded), (finding,), whole=True, timed=True)

    def explained(self) -> CapturedEnd:
        """The ways tried until one explains everything, and what was believed on the one that stands."""
        if self._start(self.recorded) is None:
            return CapturedEnd(self.client)
        ways = self._ways()
        watch, order, _ = ways[-1]
        beliefs = ((self.packets[at].number, states) for at, states in zip(order, watch.states, strict=False) if states)
        return CapturedEnd(self.client, tuple(self._walked(*way) for way in ways), tuple(beliefs))

    def _ways(self) -> list[_Way]:
        """The ways tried until one explains everything. The last stands: that one, else one that led furthest."""
        # That the network made a copy is a plainer story than that it lost something, or that the record lacks it.
        ways: list[_Way] = []
        for allow, order in product(
            CAPTURE, (self.recorded, *without_copies(self.packets, self.recorded, client=self.client))
        ):
            watch = self._follow(order, allow)
            ways.append((watch, order, False))
            if watch.broken_at is None and not _stopped(watch, order):
                return ways
        stopped = [way for way in ways if way[0].broken_at is None]
        if stopped and not self._held_as_one:
            return [*ways, *replace(self, merged=True)._ways()]
        if stopped:  # a departure that one of the others shows may be none by a history that was not followed
            furthest = max(stopped, key=lambda way: way[1][way[0].index])
            ways.remove(furthest)
            return [*ways, furthest]
        watch, order, _ = ways[-1]
        watch, moved = put_right(self.packets, order, watch, client=self.client, follow=self._explained)
        return ways if moved is order else [*ways, (watch, moved, True)]

    def _walked(self, watch: Watch, order: Order, moved: bool) -> Walk:
        broken = 0 if watch.broken_at is None else self.packets[order[watch.broken_at]].number
        stopped = self.packets[order[watch.index]].number if _stopped(watch, order) else 0
        return Walk(tuple(sorted(watch.terms.allow)), len(order) < len(self.recorded), moved, broken, stopped)

    def _explained(self, order: Order) -> Watch:
        """The walk with the plainest excuses that explain everything; the last one tried where none do."""
        for allow in CAPTURE:
            watch = self._follow(order, allow)
            if watch.broken_at is None:
                break
        return watch

    def _follow(self, order: Order, allow: frozenset[Excuse], *, through: bool = False) -> Watch:
        """The packets in this order, as far as the effort goes; one of them in any case.

        ISNs and, in mid-connection, the start depend on who is heard first.
        """
        start = self._start(order) or self._start(self.recorded) or UNKNOWN_PORT
        terms = Terms(self.profile, allow, merged=self._held_as_one)
        watch = Watch(start, terms, self.memory, through=through)
        followed = [self.packets[at] for at in order]
        ends = not self.client, self.client
        watch.numbers.tester, watch.numbers.peer = (first_number(followed, end) for end in ends)
        for at in order:
            watch.feed(self._event(at))
            self.effort.spent += watch.point.weight
            is_over = _is_crowded(watch) or self.effort.exhausted
            if is_over or (watch.lost_at if through else watch.broken_at) is not None:
                break
        return watch

    def _start(self, order: Order) -> Belief | None:
        return beginning([self.packets[at] for at in order], client=self.client)

    def _event(self, at: int) -> Seen:
        """A packet as the end meets it, numbered by its place in the record from 1.

        Without timestamps, which are kept of SYNs alone: whether any other segment lacks them, or has old ones, the
        record does not tell. With a window scale where it may have been cut off.
        """
        segment = self.packets[at].segment
        if segment.option(TIMESTAMPS) is not None:
            segment = replace(segment, options=tuple(o for o in segment.options if o.kind != TIMESTAMPS))
        if segment.scale_lost:
            segment = replace(segment, options=(*segment.options, *UNKNOWN_SCALE))
        return Seen(0.0, self.packets[at].from_client != self.client, segment, at + 1)


_Way = tuple[Watch, Order, bool]
"""How far an end was followed, the places of the packets in the order taken, whether some were put elsewhere."""


def _is_crowded(watch: Watch) -> bool:
    return watch.point.crowded or len(watch.belief) > _MANY


def _stopped(watch: Watch, order: Order) -> bool:
    """Whether it explained all up to where there were too many histories, and that was not at the end."""
    return watch.broken_at is None and watch.index + 1 < len(order)


def _explained_to(way: _Way) -> int:
    """The place of the last packet that a way explains."""
    watch, order, _ = way
    return order[watch.index if watch.broken_at is None else max(0, watch.broken_at - 1)]


def _states(watch: Watch, order: Order) -> tuple[tuple[str, int], ...]:
    """Where the state became certain and was a new one; ``order``: the places of the packets followed."""
    steps: list[tuple[str, int]] = []
    for states, place in zip(watch.states, order, strict=False):
        if len(states) == 1 and (not steps or steps[-1][0] != states[0]):
            steps.append((states[0], place))
    return tuple(steps)
