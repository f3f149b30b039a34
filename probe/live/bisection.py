"""Which segment ends a peer: suspects are played again, alone and up to one segment, until it comes again twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from probe.engine.belief.events import Command, Done
from probe.engine.play.conductor import Conductor
from probe.engine.trial.death import SURVIVES, Suspect, rule_of
from probe.live.frame import Frame
from probe.live.revival import Revival
from probe.live.vital import has_ended
from probe.results.death import Death
from probe.scenarios.steps import Expect, Question, Scenario, Send
from probe.spec.segment import Endpoint
from probe.wire.errors import DownError

TWICE = 2
"""A segment that ended the peer so often, each time alone, ends it."""


class Prefix(Conductor):
    """A scenario up to and with one of its segments; what it leaves on the peer is left for now."""

    def _clear(self, now: float) -> list[Command]:
        self.finished = True
        return [Done()]


def up_to(scenario: Scenario, place: int, *, plain: bool = False) -> Scenario:
    """Its steps up to its segment at ``place`` (from 0), and an answer to that, if one comes."""
    at, last = [(index, step) for index, step in enumerate(scenario.steps) if isinstance(step, Send | Question)][place]
    if plain and isinstance(last, Send):
        last = replace(last, flags=last.flags.replace("U", ""), options=None, fault="", urgent=0, reserved=0)
    return replace(scenario, steps=(*scenario.steps[:at], last, Expect("settled", silence=True)))


Script = tuple[Send | Question, ...]


def script(scenario: Scenario, place: int | None = None) -> Script:
    """What it sends, up to a place: two exchanges that begin alike do the same to a peer until then."""
    sent = [step for step in scenario.steps if isinstance(step, Send | Question)][
        : None if place is None else place + 1
    ]
    alike = {"data": b"x", "rule": ""}  # what the text says, a stack does not read
    return tuple(replace(s, **(alike if s.data else {"rule": ""})) if isinstance(s, Send) else s for s in sent)


@dataclass(slots=True)
class Bisection:
    """``conductor`` plays a scenario, ``remote`` is where; ``script`` is what ended the peer, where that is known."""

    frame: Frame
    target: Endpoint
    revival: Revival
    conductor: Callable[[Scenario], Conductor]
    remote: Callable[[Scenario], Endpoint]
    script: Script = ()

    def named(self, death: Death, found: Sequence[Suspect]) -> Death:
        """The death with what came of the suspects, exchange by exchange, the first to end the peer again.

        Raises ReviveError where the peer does not come back.
        """
        for exchange in dict.fromkeys(one.attempt.scenario.id for one in found):
            mine = [one for one in found if one.attempt.scenario.id == exchange]
            culprit, place, ended, tries = self._culprit(mine)
            if ended:
                scenario = culprit.attempt.scenario
                self.script = () if place is None else script(scenario, place)
                odd = place is None or not culprit.is_odd or not self._ends(scenario, place, plain=True)
                named = mine if place is None else [culprit]
                return replace(
                    death,
                    suspects=(exchange,),
                    segments=tuple(dict.fromkeys(one.text if odd else one.plain for one in named)),
                    packets=tuple(one.event.number for one in named if one.event.number),
                    rule=(rule_of([culprit]) if odd else SURVIVES) if ended == tries else "",
                    ended=ended,
                    tries=tries,
                )
        return replace(death, rule="", ended=0, tries=1)

    def _culprit(self, found: Sequence[Suspect]) -> tuple[Suspect, int | None, int, int]:
        """The first segment by which the peer has ended, where it was played to, how often it did, of how many times.

        None: the whole exchange had to be played.
        """
        scenario, scripted = found[0].attempt.scenario, [one for one in found if one.place is not None]
        if len({one.place for one in scripted}) < len(scripted):  # what asks again and again has no places of its own
            scripted = []
        low, high = 0, len(scripted) - 1
        middle = next((place for place, one in enumerate(scripted) if one.is_odd), (low + high) // 2)
        deadly = -1
        while low < high:
            if self._ends(scenario, scripted[middle].place):
                high = deadly = middle
            else:
                low = middle + 1
            middle = (low + high) // 2
        again = [True] * (deadly == high >= 0)
        while scripted and len(again) < TWICE and any(again) >= bool(again):
            again.append(self._ends(scenario, scripted[high].place))
        if any(again):
            return scripted[high], scripted[high].place, sum(again), len(again)
        # Then it was something that the tester sends by itself, or clears up with: no part of it can be left out.
        whole = [self._ends(scenario, None)]
        whole += [self._ends(scenario, None)] if whole[0] else []
        return found[-1], None, sum(whole), len(whole)

    def _ends(self, scenario: Scenario, place: int | None, *, plain: bool = False) -> bool:
        """Whether the peer has ended once this was played; it is brought back then.

        ``plain``: without what is unusual about the header of the last segment.
        """
        conductor = self.conductor(scenario)
        if place is not None:
            conductor = Prefix(up_to(scenario, place, plain=plain), conductor.setting)
        attempt = self.frame.attempt(conductor, self.remote(scenario))
        todo = [attempt]
        try:
            self.frame.play(lambda: todo.pop() if todo else None, lambda _: None, 1)
            ended = has_ended(self.frame, self.target)
            if not ended and place is not None:
                self.frame.loop.reset(attempt)
        except DownError:
            ended = True
        if ended:
            self.revival.bring_back(self.frame)
        return ended
