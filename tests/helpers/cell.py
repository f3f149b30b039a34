"""Plays cells of the matrix against the oracle's peer, attempt after attempt until the jury has heard enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from probe.engine.belief.tracker import CLOSED, LISTENING
from probe.engine.judge.case import Case
from probe.engine.judge.jury import heard_enough
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.play.matrix.approaches import Approach
from probe.engine.play.matrix.attempt import CellConductor, Heard, hear
from probe.engine.play.matrix.cells import Cell
from probe.scenarios.steps import Expect, Scenario, Send
from probe.spec.segment import Segment
from probe.spec.seq import Seq
from tests.helpers.dialogue import Dialogue, Loses
from tests.helpers.peer import Peer, closed_port
from tests.helpers.play import CLEAN, kept
from tests.helpers.record import MEMORY

Makes = Callable[[], Peer]
ISS = Seq(0xFFFFFFFD)


def peer_for(way: Approach) -> Peer:
    """A conforming peer on the kind of port the way asks for."""
    return closed_port() if way.port == "closed" else Peer()


def talk(way: Approach, scenario: Scenario, peer: Peer, cell: Cell | None = None, loses: Loses = kept) -> Dialogue:
    """A dialogue that plays a cell, or the way alone; not begun."""
    talk = Dialogue(scenario, peer, loses=loses)
    start = LISTENING if way.port == "open" and way.opens == "us" else CLOSED
    setting = Setting(ISS, talk.trigger, talk.terms, start, memory=MEMORY)
    talk.belief = start
    talk.conductor = CellConductor(cell, setting) if cell else Conductor(scenario, setting)
    return talk


class Misreads(Peer):
    """A peer that is at fault in one segment only: the ``wrong``-th that reaches it."""

    arrived = 0
    wrong = 0

    def arrives(self, segment: Segment, now: float) -> list[Segment]:
        """As the peer, with the faults in that one segment."""
        self.arrived += 1
        every = self.faults
        self.faults = every if self.arrived == self.wrong else {}
        try:
            return super().arrives(segment, now)
        finally:
            self.faults = every


def play(cell: Cell, make: Makes | None = None, loses: Loses = kept) -> list[Heard]:
    """What the attempts at one cell show. A peer that ``Misreads`` does so with the stimulus."""
    heard: list[Heard] = []
    while not heard_enough([h.opinion for h in heard], CLEAN):
        peer = make() if make else peer_for(cell.way)
        dialogue = talk(cell.way, cell.scenario, peer, cell, loses)
        if isinstance(peer, Misreads):
            peer.wrong = 1 + sum(isinstance(step, Send) for step in cell.way.steps)
            peer.wrong += cell.way.acks and any(isinstance(s, Expect) and s.what == "text" for s in cell.way.steps)
        conductor = dialogue.run()
        assert isinstance(conductor, CellConductor)
        case = Case(cell.scenario, conductor.transcript, dialogue.belief, dialogue.terms, obedient=True, memory=MEMORY)
        heard.append(hear(cell, replace(case, answers=True), conductor))
    return heard
