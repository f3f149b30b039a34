"""Closes the peer's receive window: what is to be sent next, by what the peer told of its room."""

from __future__ import annotations

from dataclasses import replace

from probe.engine.endpoint import Tester
from probe.scenarios.steps import ROOM_TAKEN, Fill, Send, Step


def filled(step: Fill, tester: Tester) -> list[Step] | None:
    """The steps that go on filling; empty once the window is closed, None where it does not close."""
    room = tester.edge - tester.nxt
    if room <= 0:
        return []
    if not step.most:
        return None
    return [Send(".", data=bytes(min(room, step.size))), ROOM_TAKEN, replace(step, most=step.most - 1)]
