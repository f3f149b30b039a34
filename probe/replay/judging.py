"""Judges assembled connections: each distinct shape once, through the pure engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from probe.capture.batch import Int64
from probe.capture.tables import Addresses
from probe.engine.belief.tracker import Memory
from probe.engine.judge.capture import ConnectionVerdict, judge_connection
from probe.engine.path.artefacts import Signs, signs, singled
from probe.engine.path.numberings import in_one, numberings
from probe.engine.path.reordering import OVERTAKING
from probe.replay.assembling import Connections
from probe.replay.cutting import Cut, worst_cut
from probe.replay.flow.ending import IDLE, Ending, ending
from probe.replay.flow.oddities import Odd, oddities
from probe.replay.flow.outcome import Outcome, summary
from probe.replay.icmp import IcmpTable, Kinds, kinds
from probe.replay.rows import Grouped, Places
from probe.replay.shapes import Shaper
from probe.replay.syn_options import OptionTable
from probe.replay.views.wireshark import completeness
from probe.replay.views.zeek import zeek
from probe.results.artefacts import Artefact
from probe.results.connection import Close, Evidence, Handshake, Packet
from probe.results.verdict import Verdict, Why, worst
from probe.spec.segment import ACK, SYN, Endpoint, Segment
from probe.spec.seq import Seq, later

_SECOND = 1e9
_MOST = 1 << 16
"""Shapes remembered; ordinary traffic has some hundreds."""
_ASKED = 24
"""Where in what tells connections apart the number of an earlier SYN stands; kinds of ICMP errors take less."""
RANKS = {Verdict.FAIL: 0, Verdict.WARN: 1, Verdict.INCONCLUSIVE: 2}
EXPECTED_RANK = 3
_OPEN_RANK = {
    Handshake.VIOLATED: 4,
    Handshake.INCOMPLETE: 5,
    Handshake.UNANSWERED: 6,
    Handshake.REFUSED: 7,
    Handshake.NOT_SEEN: 10,
}
_CLOSE_RANK = {Close.RESET_BY_CLIENT: 8, Close.RESET_BY_SERVER: 8, Close.INCOMPLETE: 9, Close.NONE: 11}
_ORDINARY = 12


class Doubt(NamedTuple):
    """What puts in doubt what a connection breaks: that records of its file are late by ``gap`` seconds or more.

    Or that there are copies in its file, but for those that were ``minded``.
    """

    gap: float
    minded: frozenset[Artefact]


@dataclass(frozen=True, slots=True)
class Record:
    """What is said of every connection of one shape. Packets are indices; ``rank`` is smaller for worse.

    ``icmp``: kinds of ICMP errors about its segments, each with whether the segment was the client's.
    """

    outcome: Outcome
    ending: Ending
    pair: ConnectionVerdict
    conn_state: str
    history: str
    completeness: int
    icmp: Kinds = frozenset()
    oddities: tuple[Odd, ...] = ()

    @property
    def flow(self) -> tuple[Handshake, Close]:
        """How it was opened and closed, as ``Replay.counts`` has it."""
        return self.outcome.handshake, self.outcome.close

    @property
    def evidence(self) -> Evidence:
        """How complete the record is, as the outcome and the judge find it."""
        if self.pair.judged is not None:
            return Evidence.UNJUDGED
        incomplete = self.outcome.evidence is Evidence.COMPLETE and not self.pair.complete
        return Evidence.MISSING if incomplete else self.outcome.evidence

    @property
    def doubt(self) -> Doubt | None:
        """When what it breaks is doubtful for the sake of its file; None: it breaks nothing."""
        borne = self.pair.signs
        return Doubt(borne.gap, borne.minded) if self.pair.findings else None

    @property
    def rank(self) -> int:
        """The place in a list of the worst."""
        if self.pair.word is not Verdict.PASS:
            return RANKS[self.pair.word]
        return _OPEN_RANK.get(self.outcome.handshake, _CLOSE_RANK.get(self.outcome.close, _ORDINARY))


class Judge:
    """Judges batches of connections; ``records`` are what it found, one a shape."""

    def __init__(self, profile: str, options: OptionTable, errors: IcmpTable, memory: Memory) -> None:
        """``options`` and ``errors`` are the tables that the connections refer to; ``memory`` may be an earlier one."""
        self.profile = profile
        self.records: list[Record] = []
        self.errors = errors
        self._options = options
        self._memory = memory
        self._shaper = Shaper(options)
        self._known: dict[bytes, int] = {}
        self._silent: dict[int, int] = {}

    def judge(self, connections: Connections) -> Int64:
        """For each connection (made ``ready``) the place of its record."""
        group, facts = connections.group, connections.facts
        extra = facts.reused.astype(np.int64) | worst_cut(group).astype(np.int64) << 1
        extra |= self.errors.codes(facts.icmp, facts.client_high) << 3 | facts.asked << _ASKED
        shapes = self._shaper.shapes(group, extra)
        if len(self._known) > _MOST:
            self._known.clear()
        samples = shapes.sample.tolist()
        places = np.array(
            [self._place(key, connections, one, extra) for key, one in zip(shapes.keys, samples, strict=True)], np.int64
        )
        found: Int64 = places[shapes.which] if len(places) else places
        timed = np.array([self.records[place].pair.timed for place in places.tolist()], np.bool_)
        for number in np.flatnonzero(timed[shapes.which]).tolist() if timed.any() else ():
            key = shapes.keys[int(shapes.which[number])] + _times(group, number)
            found[number] = self._place(key, connections, number, extra)
            pair = self.records[int(found[number])].pair
            if pair.findings or pair.signs.lag:  # then it counts how long the times between its packets are
                borne = signs(self.packets(connections, number))
                key += repr((borne.lag, borne.gap)).encode()
                found[number] = self._place(key, connections, number, extra)
        if timed.any():  # what is doubled and what is out of step decides more than the shape
            used, which = np.unique(found, return_inverse=True)
            return self._with_silence(group, which.ravel(), used, found)
        return self._with_silence(group, shapes.which, places, found)

    def _with_silence(self, group: Grouped, which: Places, shapes: Int64, found: Int64) -> Int64:
        """The places of records, of connections that were idle before they were closed those of their own.

        ``which`` says for each which of ``shapes``, places of records, has an ending like its own.
        """
        paused = [self.records[place].ending.paused for place in shapes.tolist()]
        if not any(paused):
            return found
        before, after = np.array([pause or (0, 0) for pause in paused], np.int64).T
        starts, times = group.starts, group.rows.time
        idle = times[starts + after[which]] - times[starts + before[which]] >= IDLE * _SECOND
        for place in np.unique(found[idle]).tolist():
            if place not in self._silent:
                record = self.records[place]
                self._silent[place] = len(self.records)
                self.records.append(replace(record, ending=record.ending.after_silence))
            found[idle & (found == place)] = self._silent[place]
        return found

    def _place(self, key: bytes, connections: Connections, number: int, extra: Int64) -> int:
        """The place of the record that this key stands for; made from this connection where there is none yet."""
        place = self._known.get(key)
        if place is None:
            place = self._known[key] = len(self.records)
            reused, icmp = bool(connections.facts.reused[number]), kinds(int(extra[number]) >> 3)
            packets = self.packets(connections, number)
            asked = _asked(connections, number)
            found = record(packets, self._memory, self.profile, reused=reused, asked=asked, icmp=icmp)
            self.records.append(_less_cut(found, connections, number))
        return place

    def packets(self, connections: Connections, number: int) -> list[Packet]:
        """The segments of one connection as the engine takes them."""
        group = connections.group
        part = slice(int(group.starts[number]), int(group.ends[number]))
        rows, from_client = group.rows.take(part), group.from_client[part].tolist()
        packets: list[Packet] = []
        for number_, time, sent, seq, ack, flags, window, length, option in zip(
            rows.number.tolist(), rows.time.tolist(), from_client, rows.seq.tolist(),
            rows.ack.tolist(), rows.flags.tolist(), rows.window.tolist(), rows.length.tolist(), rows.option.tolist(),
            strict=True,
        ):  # fmt: skip
            options, faults, whole = self._options.known[option]
            segment = Segment(
                Seq(seq), Seq(ack), flags, window, length, options=options, faults=faults, options_known=whole
            )
            packets.append(Packet(number_, time / _SECOND, sent, segment))
        return packets

    def judged(self, connections: Connections, number: int) -> list[Packet]:
        """The segments of one connection as its verdict rests on them."""
        return _wide_enough(self.packets(connections, number))

    def again(self, connections: Connections, number: int) -> ConnectionVerdict:
        """The verdict on one connection, with findings that quote its own numbers."""
        packets, asked = self.judged(connections, number), _asked(connections, number)
        return judge_connection(packets, self._memory, self.profile, asked)


def _ending(packets: list[Packet], places: Sequence[int], borne: Signs, icmp: Kinds) -> Ending:
    """Why it ended, told from the packets at these places: copies that the record holds are no repetitions."""
    if borne.timed:
        places = [places[at] for at in singled([packets[place] for place in places])]
    found = ending([packets[place] for place in places], borne.artefacts, icmp)
    before, after = found.paused or (0, 0)
    return replace(found, paused=found.paused and (places[before], places[after]))


def ends_of(connections: Connections, number: int, addresses: Addresses) -> tuple[Endpoint, Endpoint]:
    """The client and the server of one connection."""
    facts = connections.facts
    low, high = addresses.ends(int(facts.flow[number]))
    return (high, low) if facts.client_high[number] else (low, high)


def record(
    packets: list[Packet],
    memory: Memory,
    profile: str,
    *,
    reused: bool,
    asked: Seq | None = None,
    icmp: Kinds = frozenset(),
) -> Record:
    """Ask every part of the engine about one connection. How it went is told from one numbering of several.

    ``reused``: another was there before on its ports; ``asked``: its opener had just sent a SYN of that number on them.
    """
    judged = judge_connection(_wide_enough(packets), memory, profile, asked)
    seen, places = zeek(packets), in_one(packets)
    told = [packets[place] for place in places]
    outcome = summary(told)
    return Record(
        replace(outcome, trips=tuple((places[asked], places[answered]) for asked, answered in outcome.trips)),
        _ending(packets, places, judged.signs, icmp),
        judged,
        seen.conn_state,
        seen.history,
        completeness(packets, reused=reused),
        icmp,
        tuple((kind, places[at]) for kind, at in oddities(told)),
    )


def _asked(connections: Connections, number: int) -> Seq | None:
    """The number of the SYN that was sent just before on the ports of one connection, if there was one."""
    ahead = int(connections.facts.asked[number])
    return Seq(int(connections.group.rows.seq[connections.group.starts[number]]) + ahead) if ahead else None


def _less_cut(found: Record, connections: Connections, number: int) -> Record:
    """What can be said of a connection whose middle was cut away."""
    group = connections.group
    cuts = group.rows.cut[group.starts[number] : group.ends[number]]
    outcome, pair = found.outcome, found.pair
    if cuts.max() >= Cut.MISSING and outcome.evidence is Evidence.COMPLETE:
        outcome = replace(outcome, evidence=Evidence.MISSING)
    if cuts.max() >= Cut.UNUSUAL and pair.judged is None:
        judged = int(np.argmax(cuts >= Cut.UNUSUAL)) - 1
        word = worst([pair.word, Verdict.INCONCLUSIVE])
        pair = replace(pair, judged=judged, why=Why.CUT_DOWN, word=word)
    return replace(found, outcome=outcome, pair=pair)


def _times(group: Grouped, number: int) -> bytes:
    """What times can decide in a connection: which segments came shortly before each one."""
    times = group.rows.time[group.starts[number] : group.ends[number]] / _SECOND
    near = (times[:, None] - times <= OVERTAKING) & np.tri(len(times), dtype=np.bool_)
    return b"+" + np.packbits(near).tobytes()


def _wide_enough(packets: list[Packet]) -> list[Packet]:
    """The same with windows that cannot refuse text that passed without a gap before it, in its numbering.

    Where text was folded into fewer segments, when which window was offered is no longer known. So none of them judges,
    and what is said of a connection does not hang on how much of it was folded.
    """
    several = numberings(packets)
    if several is None:
        return _widened(packets)
    changed = list(packets)
    for places in dict.fromkeys((several.client, several.server)):
        for at, packet in zip(places, _widened([changed[at] for at in places]), strict=True):
            changed[at] = packet
    return changed


def _widened(packets: list[Packet]) -> list[Packet]:
    """The packets of one numbering, with such windows."""
    changed = list(packets)
    scales = {p.from_client: p.segment.window_scale for p in packets if p.segment.flags & SYN}
    # Windows are scaled where both ends offered to (RFC 7323 section 2.2).
    both = scales.get(True) is not None and scales.get(False) is not None
    for side in (False, True):
        shift = (scales[side] or 0) if both else 0
        for at, end in _facing(packets, side):
            told = packets[at].segment
            need = (end.ahead_of(told.ack) >> (0 if told.flags & SYN else shift)) + 1
            if told.flags & ACK and told.ack < end and told.window < need < 1 << 30:
                changed[at] = replace(packets[at], segment=replace(told, window=need))
    return changed


def _facing(packets: list[Packet], receiver: bool) -> Iterator[tuple[int, Seq]]:
    """The segments of an end, and how far the text in order came that was sent to it until its next one.

    One that takes back an acknowledgment was overtaken: what was offered before it, with the farthest, holds as well.
    """
    last: int | None = None
    farthest: int | None = None
    top: Seq | None = None
    end: Seq | None = None
    for at, packet in enumerate(packets):
        segment = packet.segment
        if packet.from_client == receiver:
            if end is not None:
                yield from ((one, end) for one in {last, farthest} if one is not None)
            last = at
            if segment.flags & ACK and (farthest is None or segment.ack >= packets[farthest].segment.ack):
                farthest = at
            continue
        if last is not None and segment.length and (top is None or segment.seq <= top):
            end = segment.end if end is None else later(end, segment.end)
        top = segment.end if top is None else later(top, segment.end)
    if end is not None:
        yield from ((one, end) for one in {last, farthest} if one is not None)
