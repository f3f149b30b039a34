"""Replays one part of a capture: the work of one process. Depends on nothing but the part, so it can be done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Bools, Int64
from probe.capture.errors import CaptureError
from probe.capture.icmp import QuotedSegment
from probe.capture.reader import Part, Reading
from probe.capture.sources import Progress
from probe.capture.tables import Addresses
from probe.engine.belief.tracker import Memory
from probe.replay.assembling import Assembler, Connections, assembled, folded, ready
from probe.replay.deadline import NEVER, Deadline
from probe.replay.expected import Finished
from probe.replay.icmp import IcmpSet
from probe.replay.judging import Judge, Record
from probe.replay.syn_options import OptionList
from probe.replay.tally import Asked, Tally
from probe.spec.segment import ACK, SYN

Drain = Callable[[Tally], object]
_REMEMBERED = Memory()
"""What the judges of this process know already: parts come as tasks, one after another, and hold the same shapes."""


@dataclass(slots=True)
class Partial:
    """Connections to which other parts may have more, and the places of what each is by itself.

    Sorted by flow, unless ``flow`` is changed. ``plain``: begins with a SYN without payload of number ``isn``
    (``high``: sent by the high end) and is not doubtful: its next SYN with another number begins another connection.
    """

    connections: Connections
    found: Int64
    flow: Int64
    plain: Bools
    isn: NDArray[np.uint32]
    high: Bools


def partial(connections: Connections, found: Int64) -> Partial:
    """Connections as they were assembled, judged as if nothing more belonged to them."""
    group = connections.group
    rows, starts = group.rows, group.starts
    plain = (rows.flags[starts] & (SYN | ACK) == SYN) & (rows.length[starts] == 0) & ~group.doubtful
    light = group.marked(flow=np.zeros(len(rows), np.uint8), old=np.zeros(0, np.bool_))  # what need not travel
    facts, high = connections.facts, rows.from_high[starts]
    return Partial(Connections(light, facts), found, facts.flow, plain, rows.seq[starts], high)


@dataclass(slots=True)
class PartResult:
    """What one part gave.

    ``heads`` are connections that are over and to which earlier parts may have more; ``tails`` are open, those of them
    that are not ``settled`` to both sides, ``errors`` ICMP errors that may be about those of earlier parts.
    ``first_packets`` are the first packets of all connections that begin here. ``latest`` is the latest time (ns).
    """

    part: Part
    records: int = 0
    offset: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    heads: list[Partial] = field(default_factory=list)
    tails: Partial | None = None
    first_packets: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    begun: int = 0
    latest: int = 0
    found: list[Record] = field(default_factory=list)
    options: list[OptionList] = field(default_factory=list)
    icmp: list[IcmpSet] = field(default_factory=list)
    errors: list[QuotedSegment] = field(default_factory=list)
    addresses: Addresses = field(default_factory=Addresses)
    fault: CaptureError | None = None
    interrupted: bool = False


class _Replaying:
    """One part on its way."""

    def __init__(self, part: Part, asked: Asked, *, last: bool, drain: Drain | None) -> None:
        self.asked, self.drain = asked, drain
        self.last = last
        self.assembler = Assembler(first=part.start == 0)
        self.judge = Judge(asked.profile, self.assembler.options, self.assembler.icmp, _REMEMBERED)
        self.result = PartResult(part)

    def take(self, connections: Connections, addresses: Addresses) -> None:
        """Connections that are over."""
        settled = connections.facts.settled
        if not settled.all():
            self.result.heads.append(self.partial(connections.take(~settled)))
            connections = connections.take(settled)
        for some in connections.slices():
            done, latest = ready(some), self.assembler.latest
            found = self.judge.judge(done)
            self.result.tally.add(self.judge, Finished(found, done.facts, done.take, addresses, latest), self.asked)
            if self.drain is not None:
                self.drain(self.result.tally)

    def partial(self, connections: Connections) -> Partial:
        """Connections as they are, judged as if nothing more belonged to them."""
        found = [self.judge.judge(ready(folded(some))) for some in connections.slices()]
        return partial(connections, np.concatenate([np.zeros(0, np.int64), *found]))

    def finish(self, addresses: Addresses) -> None:
        for connections in self.assembler.finish() if self.last else self.assembler.pause():
            self.take(connections, addresses)
        if self.assembler.open:
            self.result.tails = self.partial(self.assembler.open)
        self.result.begun, self.result.latest = self.assembler.begun, self.assembler.latest
        self.result.first_packets = np.concatenate([np.zeros(0, np.int64), *self.assembler.first_packets])
        self.result.found, self.result.options = self.judge.records, self.assembler.options.known
        self.result.icmp, self.result.errors = self.assembler.icmp.known, self.assembler.errors


def replay_part(
    part: Part,
    asked: Asked,
    *,
    last: bool,
    progress: Progress | None = None,
    drain: Drain | None = None,
    deadline: Deadline = NEVER,
) -> PartResult:
    """Read, assemble and judge the part. ``last``: nothing follows, so that what is open at its end is over.

    ``drain`` is called where more connections are listed, and may take them.
    A fault of the file, the deadline, and Ctrl-C end it early; what was read until then counts.
    """
    replaying = _Replaying(part, asked, last=last, drain=drain)
    reading = Reading(part, progress=progress)
    result, assembler = replaying.result, replaying.assembler
    try:
        for connections in assembled(reading, assembler, deadline.each(reading)):
            replaying.take(connections, reading.addresses)
    except CaptureError as error:
        result.fault = error
    except KeyboardInterrupt:
        result.interrupted = True
    replaying.finish(reading.addresses)
    result.records, result.skipped, result.offset = reading.records, reading.skipped, reading.offset
    # Only the addresses that heads and tails need are sent along.
    for some in (*result.heads, *([result.tails] if result.tails else [])):
        some.flow = reading.addresses.moved(some.flow, result.addresses)
    flows = np.array([error.flow for error in result.errors], np.int64)
    moved = reading.addresses.moved(flows, result.addresses).tolist()
    result.errors = [error._replace(flow=flow) for error, flow in zip(result.errors, moved, strict=True)]
    return result
