"""Connections of a long list: what those of one shape have in common once, and of each one its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from probe.results.connection import Connection
from probe.results.ending import Caused
from probe.results.verdict import Finding
from probe.spec.segment import Endpoint


class Entry(NamedTuple):
    """One connection of a list; a plain tuple, as there may be millions.

    ``model`` says what it shares with others: its packet numbers are places among ``numbers``, and what is named here
    it leaves open. ``rank`` is smaller for worse; the rest is as in `Connection`.
    """

    rank: int
    first_packet: int
    model: Connection
    ordinal: int
    client: str
    client_port: int
    server: str
    server_port: int
    packets: int
    start: float
    duration: float
    rtt: float | None
    causes: tuple[Caused, ...]
    numbers: tuple[int, ...]

    @property
    def connection(self) -> Connection:
        """All that is said of it."""
        return replace(
            renumbered(self.model, self.numbers.__getitem__),
            first_packet=self.first_packet,
            index=self.ordinal,
            client=Endpoint(self.client, self.client_port),
            server=Endpoint(self.server, self.server_port),
            packets=self.packets,
            start=self.start,
            duration=self.duration,
            rtt=self.rtt,
            causes=self.causes,
        )

    def moved(self, by: int, index: int) -> Entry:
        """The same with packet numbers that are larger by ``by``, and another index."""
        numbers = tuple(number + by for number in self.numbers) if by else self.numbers
        return self._replace(first_packet=self.first_packet + by, ordinal=index, numbers=numbers)


def modelled(connection: Connection) -> tuple[Connection, tuple[int, ...]]:
    """The connection as a model, and the packets that it names."""
    places: dict[int, int] = {}
    return renumbered(connection, lambda number: places.setdefault(number, len(places))), tuple(places)


def renumbered(connection: Connection, number: Callable[[int], int]) -> Connection:
    """The connection with other numbers of all packets that it names, but for the first."""
    stop = connection.stopped

    def moved(finding: Finding) -> Finding:
        return replace(finding, packets=tuple(map(number, finding.packets)))

    return replace(
        connection,
        stopped=None if stop is None else replace(stop, packet=number(stop.packet), last=number(stop.last)),
        client_states=tuple(replace(step, packet=number(step.packet)) for step in connection.client_states),
        server_states=tuple(replace(step, packet=number(step.packet)) for step in connection.server_states),
        oddities=tuple(replace(odd, packet=number(odd.packet)) for odd in connection.oddities),
        findings=tuple(map(moved, connection.findings)),
        doubtful=tuple(map(moved, connection.doubtful)),
    )
