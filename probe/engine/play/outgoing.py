"""The text of a step, and room for it in the peer's window, which a sender keeps within (RFC 9293 section 3.8.6).

Plain text leaves piece by piece, as far as the window goes. Where there is no room at all the window will open when the
peer's application reads; the segment that tells so may be lost, so the peer is asked once (section 3.8.6.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from probe.engine.play.habits import Habits
from probe.engine.play.tester import Tester
from probe.scenarios import steps
from probe.scenarios.steps import Span
from probe.scenarios.triggers import Trigger
from probe.spec.segment import Segment

_PLAIN = steps.Send("."), steps.Send("P.")
"""What text may leave in piece by piece."""
_ASKS = 2
"""At so many looks at a window without room the peer is asked."""


@dataclass(slots=True)
class Outgoing:
    """``parted`` octets of the text of ``step`` have left, ``looks`` found no room for it."""

    tester: Tester
    trigger: Trigger
    habits: Habits
    step: steps.Send | None = None
    parted: int = 0
    looks: int = 0

    def of(self, step: steps.Send) -> bytes:
        """What is still to be sent of its text: no more than peer and path take in a segment, or the whole command."""
        text = step.data
        if isinstance(text, steps.Command):
            if (line := self.trigger.line(text.name)) is None:
                raise ValueError(f"the exchange needs the command {text.name!r}, which was not given")
            text = line
        else:
            text = text[: self.tester.room(self.habits.largest)]
        return text[self.parted :] if step is self.step else text

    def has_room(self, step: steps.Step) -> bool:
        """Whether it may leave, or a part of it."""
        assert isinstance(step, steps.Send)
        return self.tester.fits(step, len(self.of(step))) or bool(self._part(step))

    def next_part(self, step: steps.Send) -> Segment | None:
        """As much of it as there is room for, noted as sent; None where it is to leave as a whole."""
        if not (part := self._part(step)):
            return None
        segment = self.tester.segment(step, part)
        self.tester.sent(segment)
        self._begin(step)
        self.parted, self.looks = self.parted + len(part), 0
        return segment

    def await_room(self, step: steps.Send, *, asks: bool) -> steps.Step:
        """What is done next where there is no room; ``asks``: there is a question that the peer answers."""
        self._begin(step)
        self.looks += 1
        if self.looks == _ASKS and asks:
            return steps.Question()
        return steps.Expect(steps.ROOM, Span.APPLICATION, application=True, silence=self.looks < _ASKS)

    def sent(self, step: steps.Send) -> None:
        """All of it has left."""
        if step is self.step:
            self.step = None

    def _begin(self, step: steps.Send) -> None:
        if step is not self.step:
            self.step, self.parted, self.looks = step, 0, 0

    def _part(self, step: steps.Send) -> bytes:
        payload, plain = self.of(step), replace(step, data=b"") in _PLAIN
        if not plain or self.tester.fits(step, len(payload)):
            return b""
        return payload[: max(0, self.tester.edge - self.tester.nxt)]
