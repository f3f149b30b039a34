"""A record with what firewalls say of it: each way of keeping connections in mind is asked once for all models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probe.engine.belief.events import Event, Seen
from probe.engine.path.filter import Label, Settings
from probe.engine.path.pf import PacketFilter
from probe.engine.path.table import Plain

Tracks = Settings | Plain | PacketFilter
"""The ways in which firewalls keep connections in mind."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a firewall that has seen the whole record calls each segment of it, by the index of its event.

    Of the tester's: ``invalid`` ones, ``strays`` those of them that meet no connection it knows, ``begun`` those after
    which it knows a connection that the tester began, and ``behind`` those that it let pass without noting their text.
    """

    called: dict[int, Label]
    invalid: frozenset[int]
    strays: frozenset[int]
    begun: frozenset[int]
    behind: frozenset[int]


class Labelled:
    """``events`` and their labels."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self._by: dict[Tracks, Labels] = {}

    def by(self, settings: Tracks) -> Labels:
        """The labels that tracking with these settings gives."""
        if settings not in self._by:
            self._by[settings] = _labels(self.events, settings)
        return self._by[settings]


def _labels(events: Sequence[Event], settings: Tracks) -> Labels:
    tracking = settings.table()
    called: dict[int, Label] = {}
    invalid, strays, begun, behind = set(), set(), set(), set()
    for index, event in enumerate(events):
        if not isinstance(event, Seen):
            continue
        label = called[index] = tracking.label(event.time, event.to_peer, event.segment)
        if not event.to_peer:
            continue
        if tracking.begun_by_tester:
            begun.add(index)
        if label is Label.INVALID:
            invalid.add(index)
            if tracking.begun_by_tester is None:
                strays.add(index)
        elif tracking.is_behind(event.segment):
            behind.add(index)
    return Labels(called, frozenset(invalid), frozenset(strays), frozenset(begun), frozenset(behind))
