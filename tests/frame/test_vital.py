"""A peer that answers no knock beside a crowd of connections is asked alone before it is called dead."""

from __future__ import annotations

from math import inf

from probe.engine.belief.events import Quiet, Seen
from probe.engine.play.conductor import Setting
from probe.engine.play.habits import Habits
from probe.engine.play.knock import Answer
from probe.engine.trial.attempt import Attempt
from probe.live.vital import PAUSES, Vigil, VitalSigns
from probe.results.death import Ending
from probe.spec.segment import SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq

FLOW = Flow(Endpoint("192.0.2.1", 1), Endpoint("192.0.2.2", 80))


def knocked(vigil: Vigil, answer: Answer, beside: int) -> None:
    """A series of knocks that all come to this, with so many connections beside."""
    for pause in PAUSES:
        signs = VitalSigns(Setting(Seq(1), habits=Habits(1.0)), pause)
        signs.transcript.events += [Seen(pause, True, Segment(Seq(1), flags=SYN)), Quiet(pause + 1.0)]
        signs.answer = answer
        vigil.looked(Attempt(signs.scenario, signs, FLOW), beside)


def test_a_crowd_is_no_death() -> None:
    vigil = Vigil()
    vigil.doubt(0.0)
    knocked(vigil, Answer.SILENT, beside=2)
    assert (vigil.ending, vigil.doubted) == (None, True)
    knocked(vigil, Answer.OPEN, beside=0)
    assert (vigil.ending, vigil.doubted, vigil.room) == (None, False, 2)
    assert "2 at a time" in vigil.warnings("x")[0]


def test_who_is_silent_alone_too_has_ended() -> None:
    vigil = Vigil()
    vigil.doubt(0.0)
    knocked(vigil, Answer.SILENT, beside=2)
    knocked(vigil, Answer.REFUSED, beside=0)
    assert (vigil.ending, vigil.room, vigil.warnings("x")) == (Ending.REFUSED, inf, [])


def test_nothing_beside_it_the_first_series_tells() -> None:
    vigil = Vigil()
    vigil.doubt(0.0)
    knocked(vigil, Answer.SILENT, beside=0)
    assert vigil.ending is Ending.SILENT
