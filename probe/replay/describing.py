"""What a list says of connections: once what those of one shape share, and of each connection its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from operator import itemgetter

import numpy as np

from probe.capture.batch import Bools, Int64
from probe.capture.tables import Addresses
from probe.engine.judge.capture import ConnectionVerdict
from probe.replay.assembling import Connections
from probe.replay.flow.opening import Trips
from probe.replay.judging import Judge, Record, ends_of
from probe.replay.splitting import SECOND
from probe.results.connection import Connection, OddPacket, StateStep, Stop
from probe.results.ending import Caused
from probe.results.listing import Entry, modelled
from probe.spec.segment import Endpoint

_NOBODY = Endpoint("", 0)
Said = tuple[int, Record]
"""The rank of connections, and their record."""
_Told = tuple[Connection, tuple[int, ...], float | None, tuple[Caused, ...]]
"""Model, packet numbers, RTT and causes of one connection."""


class Describer:
    """Describes connections of one file (made ``ready``), which ``judge`` has judged."""

    def __init__(self, judge: Judge, some: Connections, file: str, addresses: Addresses, latest: int) -> None:
        """``addresses`` are those of the flows, ``latest`` is the latest time known of the file (nanoseconds)."""
        self._judge, self._some, self._file, self._addresses, self._latest = judge, some, file, addresses, latest

    def entries(self, said: Sequence[Said], which: Int64) -> list[Entry]:
        """All of them, in their order; ``which`` is for each the place of what is ``said`` of it."""
        facts, own, ranks = self._some.facts, list[_Told](), list[int]()
        alike = self._alike(which)
        for mine in alike:
            rank, record = said[int(which[mine[0]])]
            ranks += [rank] * len(mine)
            own += self._told(mine, record)
        order = np.concatenate([np.zeros(0, np.int64), *alike])
        facts = facts.take(order)
        models, numbers, rtts, causes = zip(*own, strict=True) if own else ((), (), (), ())
        entries = map(
            Entry, ranks, facts.first.tolist(), models, facts.index.tolist(),
            *self._ends(facts.flow, facts.client_high), *self._ends(facts.flow, ~facts.client_high),
            facts.packets.tolist(), (facts.start / SECOND).tolist(), ((facts.last - facts.start) / SECOND).tolist(),
            rtts, causes, numbers,
        )  # fmt: skip
        return [one for _, one in sorted(zip(order.tolist(), entries, strict=True), key=itemgetter(0))]

    def _alike(self, which: Int64) -> list[Int64]:
        """The places of connections that can share a model."""
        facts = self._some.facts
        errors = np.where(facts.icmp > 0, facts.icmp << 1 | facts.client_high, 0)
        keys = which * (errors.max(initial=0) + 1) + errors
        order = np.argsort(keys, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1) if len(order) else []

    def _ends(self, flow: Int64, high: Bools) -> tuple[list[str], list[int]]:
        """The addresses and the ports of the high or the low end of each flow."""
        hosts, which = np.unique(self._addresses.hosts(flow, high), return_inverse=True)
        texts = [self._addresses.host(number) for number in hosts.tolist()]
        return [texts[at] for at in which.tolist()], (flow >> np.where(high, 0, 16) & 0xFFFF).tolist()

    def _told(self, mine: Int64, record: Record) -> Iterator[_Told]:
        """What is to be told of each of the connections that are ``mine``, which have this record."""
        rows, starts = self._some.group.rows, self._some.group.starts[mine]
        rtts = self._seconds(mine, record.outcome.trips)
        causes = self._causes(mine, record)
        if record.pair.findings or record.pair.doubtful:  # these quote numbers
            models = [self._model(place, record) for place in mine.tolist()]
            named = [rows.number[start + list(used)].tolist() for start, (_, used) in zip(starts, models, strict=True)]
            return zip((model for model, _ in models), map(tuple, named), rtts, causes, strict=True)
        model, used = self._model(int(mine[0]), record)
        named = rows.number[starts[:, None] + np.array(used, np.int64)].tolist()
        return zip(repeat(model, len(mine)), map(tuple, named), rtts, causes, strict=True)

    def _seconds(self, mine: Int64, trips: Trips) -> list[float | None]:
        """Of each connection the time between these pairs of segments, all together; None for no pair."""
        if not trips:
            return [None] * len(mine)
        times, starts = self._some.group.rows.time, self._some.group.starts[mine]
        spans = [np.maximum(0, times[starts + after] - times[starts + before]) for before, after in trips]
        return list((sum(spans) / SECOND).tolist())

    def _causes(self, mine: Int64, record: Record) -> list[tuple[Caused, ...]]:
        """Why each connection ended; whole seconds count, as in `Troubles`."""
        facts, ending = self._some.facts, record.ending
        following = facts.followed[mine]
        passed = np.where(following > 0, following, self._latest) // SECOND - facts.last[mine] // SECOND
        idle = self._seconds(mine, (ending.paused,) if ending.paused is not None else ())
        return [
            ending.told(silence, more, followed=reused)
            for silence, more, reused in zip(idle, passed.tolist(), (following > 0).tolist(), strict=True)
        ]

    def _model(self, place: int, record: Record) -> tuple[Connection, tuple[int, ...]]:
        """What the record says of a connection, and the places of the segments that it names."""
        facts, outcome, pair = self._some.facts, record.outcome, self._own(place, record.pair)
        client, server = ends_of(self._some, place, self._addresses)
        last = int(self._some.group.sizes[place]) - 1
        whole = Connection(
            file=self._file,
            index=0,
            client=_NOBODY,
            server=_NOBODY,
            first_packet=0,
            packets=0,
            start=0.0,
            duration=0.0,
            opener=outcome.opener,
            handshake=outcome.handshake,
            close=outcome.close,
            client_states=tuple(StateStep(state, at) for state, at in pair.client_states),
            server_states=tuple(StateStep(state, at) for state, at in pair.server_states),
            evidence=record.evidence,
            syn_again=outcome.syn_again,
            syn_ack_again=outcome.syn_ack_again,
            fin_again=outcome.fin_again,
            conn_state=record.conn_state,
            history=record.history,
            completeness=record.completeness,
            findings=pair.findings,
            verdict=pair.word,
            blamed=tuple(client if one else server for one in pair.by_client),
            icmp=self._judge.errors.reports(int(facts.icmp[place]), client_high=bool(facts.client_high[place])),
            oddities=tuple(OddPacket(kind, at) for kind, at in record.oddities),
            stopped=None if pair.judged is None else Stop(pair.judged, last, pair.why),
            artefacts=tuple(sorted(pair.signs.artefacts)),
            doubtful=pair.doubtful,
        )
        return modelled(whole)

    def _own(self, place: int, found: ConnectionVerdict) -> ConnectionVerdict:
        """The verdict with findings that quote the connection's own numbers; their packets are places from 0."""
        if not found.findings and not found.doubtful:
            return found
        own = self._judge.again(self._some, place)
        findings, doubtful = (
            tuple(replace(one, packets=tuple(packet - 1 for packet in one.packets)) for one in some)
            for some in (own.findings, own.doubtful)
        )
        return replace(found, findings=findings, by_client=own.by_client, doubtful=doubtful)
