"""How long an exchange waits is never written in it: it says what for, and the run knows this peer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from probe import scenarios
from probe.engine.judge.timers import FINAL
from probe.engine.play.habits import Habits
from probe.scenarios.steps import Expect, Span, Wait

FILES = sorted(Path(scenarios.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_exchange_knows_a_number_of_seconds(path: Path) -> None:
    seconds = [n.lineno for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)
               and isinstance(n.value, float)]  # fmt: skip
    assert seconds == []


@pytest.mark.parametrize("span", [s for s in Span if s not in (Span.HELD, Span.RESTART, Span.RESTARTED, Span.SPACING)])
def test_patience_scales_every_wait_but_those_that_are_the_question(span: Span) -> None:
    assert Habits(2.0).seconds(span) == pytest.approx(2 * Habits(1.0).seconds(span))


def test_a_repetition_that_must_come_is_waited_for_long_enough() -> None:
    for scenario in scenarios.ALL.values():
        for step in scenario.steps:
            if isinstance(step, Expect) and step.count > 1 and step.what in ("S", "S.", "F"):
                assert step.within is Span.NEVER, scenario.id
    assert Habits().seconds(Span.NEVER) >= FINAL


def test_waits_for_the_minutes_of_a_state_are_played_only_when_asked_for() -> None:
    minutes = {Span.HELD, Span.RESTART, Span.RESTARTED, Span.OVER, Span.GIVEN_UP}
    for scenario in scenarios.ALL.values():
        assert scenario.slow == any(isinstance(s, Wait) and s.span in minutes for s in scenario.steps), scenario.id
