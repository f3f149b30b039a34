"""A record with what connection tracking says of it: each setting is asked once, however many models want to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probe.engine.belief.events import Event, Seen
from probe.engine.path.filter import Label, Settings, Tracking


@dataclass(frozen=True, slots=True)
class Labels:
    """What a ``Tracking`` that has seen the whole record calls each segment of it, by the index of its event.

    Of the tester's: ``invalid`` ones, ``begun`` those after which it knows a connection that the tester began, and
    ``behind`` those that it let pass without noting their text.
    """

    called: dict[int, Label]
    invalid: frozenset[int]
    begun: frozenset[int]
    behind: frozenset[int]


class Labelled:
    """``events`` and their labels."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self._by: dict[Settings, Labels] = {}

    def by(self, settings: Settings) -> Labels:
        """The labels that tracking with these settings gives."""
        if settings not in self._by:
            self._by[settings] = _labels(self.events, settings)
        return self._by[settings]


def _labels(events: Sequence[Event], settings: Settings) -> Labels:
    tracking = Tracking(settings)
    called: dict[int, Label] = {}
    begun, behind = set(), set()
    for index, event in enumerate(events):
        if not isinstance(event, Seen):
            continue
        called[index] = tracking.label(event.time, event.to_peer, event.segment)
        if event.to_peer and tracking.begun_by_tester:
            begun.add(index)
        if event.to_peer and called[index] is not Label.INVALID and tracking.is_behind(event.segment):
            behind.add(index)
    invalid = frozenset(i for i, label in called.items() if label is Label.INVALID and _is_ours(events[i]))
    return Labels(called, invalid, frozenset(begun), frozenset(behind))


def _is_ours(event: Event) -> bool:
    return isinstance(event, Seen) and event.to_peer
