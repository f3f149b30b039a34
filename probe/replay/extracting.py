"""One connection out of a capture file: judged as `probe replay` judges it among all others, and with all its packets.

The first look at the file goes through the steps of every replay (assembling, folding, judging), so that the verdict is
the one of the listing. The second look fetches the packets. Memory is bounded by what is open at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from probe.capture.errors import CaptureError
from probe.capture.reader import Part, Reading
from probe.capture.sources import STDIN
from probe.engine.belief.tracker import Memory
from probe.engine.judge.capture import explain_connection
from probe.engine.path.numberings import in_one
from probe.replay.assembling import Assembler, Connections, assembled, ready
from probe.replay.describing import Describer
from probe.replay.excerpts import excerpts, icmp_reports
from probe.replay.flow.oddities import oddities_in_full
from probe.replay.judging import Doubt, Judge
from probe.replay.part import replay_part
from probe.replay.tally import Asked, doubted, file_wide
from probe.results.artefacts import Artefact
from probe.results.connection import Connection, IcmpReport, OddPacket, Packet
from probe.results.proofs import CapturedEnd
from probe.spec.segment import ACK, SYN, Endpoint
from probe.wire.errors import TargetError

MOST = 20_000
"""Packets of a connection that can be drawn or re-enacted in full."""


@dataclass(frozen=True, slots=True)
class CapturedConnection:
    """A connection, its packets in the order of the file, and the packets that it was ``judged`` by.

    Of those the middle is folded away (`probe.replay.folding`). ``warning`` says what of the file could not be read,
    else it is empty. ``icmp`` are the ICMP errors about its segments, each time they came.
    """

    connection: Connection
    packets: tuple[Packet, ...]
    judged: tuple[Packet, ...]
    warning: str = ""
    icmp: tuple[IcmpReport, ...] = ()

    @property
    def oddities(self) -> tuple[OddPacket, ...]:
        """All that is strange in it: its packets are there in full."""
        packets = [self.packets[place] for place in in_one(self.packets)]
        return tuple(OddPacket(kind, packets[place].number) for kind, place in oddities_in_full(packets))

    @property
    def index(self) -> int:
        """Its number in the capture, from 0."""
        return self.connection.index

    @property
    def client(self) -> Endpoint:
        """The end that opened."""
        return self.connection.client

    @property
    def server(self) -> Endpoint:
        """The end that was asked."""
        return self.connection.server


def extract(path: str, index: int | None = None, profile: str = "rfc9293") -> CapturedConnection:
    """The connection with this number; None: the first one whose client's SYN was captured.

    CaptureError for a file that is none, TargetError where it has no such connection, or one that is too long.
    """
    if path == STDIN:
        raise TargetError("standard input cannot be read twice: save it to a file and name that")
    look = _Look(path, index, profile)
    connection, judged = look.found()
    if connection.packets > MOST:
        reason = f"connection {connection.index} of {path} has {connection.packets:,} packets"
        raise TargetError(f"{reason}: more than {MOST:,} are not looked at one by one; the listing has its verdict")
    placed = excerpts([connection], whole=True).get((path, connection.index))
    if placed is None:
        raise TargetError(f"{path} changed while it was read; try again when nobody writes to it")
    errors = icmp_reports(connection) if connection.icmp else ()
    return CapturedConnection(connection, tuple(packet for _, packet in placed), judged, look.warning, errors)


def ends_of(found: CapturedConnection, profile: str) -> tuple[CapturedEnd, CapturedEnd]:
    """How both ends were judged, client first: the excuses tried, the belief after each packet that was judged."""
    return explain_connection(found.judged, Memory(), profile)


class _Look:
    """The first look at a file, which ends where the connection does."""

    def __init__(self, path: str, index: int | None, profile: str) -> None:
        self._fault: CaptureError | None = None
        self._path, self._index = path, index
        self._reading, self._assembler = Reading(path), Assembler()
        self._judge = Judge(profile, self._assembler.options, self._assembler.icmp, Memory())

    def found(self) -> tuple[Connection, tuple[Packet, ...]]:
        """The connection, and the packets that it was judged by."""
        for connections in self._finished():
            if self._index is None:
                self._index = self._first_opened(connections)
            some = connections.take(connections.facts.index == self._index)
            if len(some):
                some = ready(some)
                record = self._judge.records[int(self._judge.judge(some)[0])]
                addresses, latest = self._reading.addresses, self._assembler.latest
                describer = Describer(self._judge, some, self._path, addresses, latest)
                connection = describer.entries([(record.rank, record)], np.zeros(1, np.int64))[0].connection
                if record.doubt is not None and (standing := self._standing(record.doubt)):
                    connection = doubted(connection, standing)
                return connection, tuple(self._judge.judged(some, 0))
        if self._fault is not None:
            raise self._fault
        raise TargetError(self._missing())

    def _standing(self, doubt: Doubt) -> tuple[Artefact, ...]:
        """What the records of the whole file bear the signs of: for that all of it is judged."""
        asked = Asked(self._path, self._judge.profile, limit=0)
        tally = replay_part(Part(self._path), asked, last=True).tally
        tally.settle(asked)
        return file_wide(tally.signs, tally.connections, tally.lag, doubt)

    @property
    def warning(self) -> str:
        """What could not be read, if anything."""
        return "" if self._fault is None else f"{self._fault}; the rest of the file was not read"

    def _finished(self) -> Iterator[Connections]:
        """Connections that are over, as in every replay; a fault of the file ends them all."""
        try:
            yield from assembled(self._reading, self._assembler)
        except CaptureError as error:
            self._fault = error
        yield from self._assembler.finish()

    def _first_opened(self, over: Connections) -> int | None:
        """The first connection known by now that begins with a SYN; those that begin later have higher numbers."""
        found = []
        for some in (over, self._assembler.open):
            if some is not None and len(some):
                begins = some.group.rows.flags[some.group.starts] & (SYN | ACK) == SYN
                found += np.sort(some.facts.index[begins])[:1].tolist()
        return min(found, default=None)

    def _missing(self) -> str:
        begun = self._assembler.begun
        count = f"{begun:,} connection{'s' if begun > 1 else ''}"
        if not begun:
            skipped = ", ".join(f"{count:,} {reason}" for reason, count in (+self._reading.skipped).most_common(3))
            return f"{self._path} holds no TCP connection ({skipped or 'no packet at all'}); name another capture"
        if self._index is None:
            return (
                f"none of the {count} in {self._path} has its client's SYN captured; there is nothing to open one with"
            )
        return f"{self._path} has no connection {self._index}: it holds {count}, numbered from 0"
