"""A limit on SYNs that answers those beyond it with a RST, on the way or in the peer itself.

A host whose backlog is full may do the same. Whether a SYN meets it is chance: what is refused at a place of a script
was answered there another time. What one attempt shows after a SYN that was refused is nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence

from probe.engine.belief.events import Event, Seen
from probe.engine.path.loss import Controls, LossMeter
from probe.engine.path.record import Attempted, Record
from probe.engine.path.tally import ENOUGH
from probe.results.path import Standing, Suspect, Suspicion
from probe.spec.segment import ACK, FIN, RST, SYN


def turned_away(events: Sequence[Event]) -> frozenset[int]:
    """The tester's SYNs that a RST came for, as from a port without that connection (RFC 9293 section 3.10.7.1)."""
    asked: dict[int, int] = {}
    found = set()
    for index, event in enumerate(events):
        if not isinstance(event, Seen):
            continue
        segment, kind = event.segment, event.segment.flags & (SYN | ACK | RST | FIN)
        if event.to_peer and kind == SYN:
            asked[int(segment.end)] = index
        elif not event.to_peer and kind == RST | ACK and not int(segment.seq) and int(segment.ack) in asked:
            found.add(asked.pop(int(segment.ack)))
    return frozenset(found)


def was_struck(case: Attempted) -> bool:
    """Whether a SYN of the attempt was refused that the peer would have answered otherwise."""
    return case.scenario.port == "open" and bool(turned_away(case.transcript.judged))


class SynLimit:
    """What became of the SYNs of a run, place by place of the scripts."""

    def __init__(self) -> None:
        self._meter = LossMeter()
        self._struck: dict[str, None] = {}

    def heard(self, record: Record) -> None:
        """One more attempt."""
        transcript = record.case.transcript
        answered = record.controls
        away = turned_away(record.events) if record.case.scenario.port == "open" else frozenset()
        refused = tuple(sorted({transcript.place(index) for index in away}))
        if refused:
            self._struck[record.name] = None
        syns = tuple(sorted(set(answered.answered) & set(answered.syns) - set(answered.resets) - set(refused)))
        self._meter.add(record.case.scenario, Controls(syns, refused, (*syns, *refused)))

    def suspicion(self) -> Suspicion:
        """What it comes to."""
        known = self._meter.loss
        standing = Standing.ACCEPTED if known.lost >= ENOUGH else Standing.OPEN
        reason = f"a limit on SYNs answers with RSTs ({known.lost} of {known.asked} SYNs)" if known.lost else ""
        rests = tuple(self._struck) if standing is Standing.ACCEPTED else ()
        return Suspicion(Suspect.LIMIT, standing, known.lost, 0, reason, rests)
