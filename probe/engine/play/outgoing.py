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

    def offered(self, step: steps.Send) -> tuple[bytes, bool] | None:
        """What there is room for of its text, and whether that is all of it; None where there is no room at all.

        All is what is still to be sent: no more than peer and path take in a segment, or the whole command.
        """
        text = step.data
        if isinstance(text, steps.Command):
            if (line := self.trigger.line(text.name)) is None:
                raise ValueError(f"the exchange needs the command {text.name!r}, which was not given")
            text = line
        elif text:
            text = self._borne(step, text)[: self.tester.room(self.habits.largest)]
        if step is self.step:
            text = text[self.parted :]
        if self.tester.fits(step, len(text)):
            return text, True
        part = text[: max(0, self.tester.edge - self.tester.nxt)] if replace(step, data=b"") in _PLAIN else b""
        return (part, False) if part else None

    def _borne(self, step: steps.Send, text: bytes) -> bytes:
        """What stands in its place in the text that the application bears; its own octets before and behind that."""
        begun, number = self.parted if step is self.step else 0, self.tester.number(step.seq)
        place = number - (number if step.fresh else self.tester.iss) - ("S" not in step.flags) - begun
        before = text[: max(0, -place)]
        known = self.trigger.word[max(0, place) : max(0, place + len(text))]
        return before + known + text[len(before) + len(known) :]

    def has_room(self, step: steps.Step) -> bool:
        """Whether it may leave, or a part of it."""
        assert isinstance(step, steps.Send)
        return self.offered(step) is not None

    def filling(self, step: steps.Fill) -> list[steps.Step] | None:
        """What fills the window further: nothing once it is closed; None where it does not close."""
        room = self.tester.edge - self.tester.nxt
        if room <= 0:
            return []
        if not step.most:
            return None
        size = min(room, step.most, self.tester.room(self.habits.largest))
        return [steps.Send(".", data=bytes(size)), steps.ROOM_TAKEN, steps.Fill(step.most - size)]

    def parts(self, step: steps.Send, length: int) -> None:
        """So much of it has left."""
        self._begin(step)
        self.parted, self.looks = self.parted + length, 0

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
