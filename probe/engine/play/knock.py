"""Knocks at a port: SYNs, each later than the last, until something answers. Nothing is judged by it.

A run asks it before all else whether its port is served, and which port refuses. One lost SYN, or several, must not
be taken for a port that is filtered, nor one ICMP error for one that cannot be reached: the next SYN is sent at once.
"""

from __future__ import annotations

from enum import StrEnum

from probe.engine.belief.events import Command, Done, Quiet, Seen, Send, WakeAt
from probe.engine.play.conductor import Conductor, Setting
from probe.scenarios.steps import HEARD, Scenario
from probe.spec.icmp import Icmp
from probe.spec.segment import ACK, MSS, NOP, RST, SACK_PERMITTED, SYN, TIMESTAMPS, WSCALE, Endpoint, Option, Segment

KNOCK = Scenario(id="knock", title="is the port served?", steps=HEARD, shows=(), clause="RFC 9293 3.5")
GAPS = (0.05, 0.075, 0.125, 0.125, 0.125, 0.25, 0.25)
"""How long each SYN waits, as shares of the whole time: with 20 % of all segments lost one in a thousand is silent."""
SECONDS = 4.0
"""The whole time, with a patience of one second; of a peer of which nothing is known yet ``FIRST_SECONDS``."""
FIRST_SECONDS = 9.0
"""A device that sleeps, or a neighbour that must be found first, takes some seconds to answer at all."""
PLAIN = (Option(MSS, (1460).to_bytes(2, "big")),)
OFFERED = (
    *PLAIN,
    Option(SACK_PERMITTED),
    Option(TIMESTAMPS, (1).to_bytes(4, "big") + bytes(4)),
    Option(NOP),
    Option(WSCALE, bytes([7])),
)
"""The options of RFC 9293, 2018 and 7323, as most stacks offer them."""
ERRORS = 2
"""So many ICMP errors end it."""


class Answer(StrEnum):
    """What a port answered."""

    OPEN = "open"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    SILENT = "silent"


class Knock(Conductor):
    """One port being asked; ``answer`` is None until it is known, ``reply`` the segment that told."""

    def __init__(self, setting: Setting, seconds: float = SECONDS, options: tuple[Option, ...] = PLAIN) -> None:
        """``seconds`` are given to the port in all; the SYN offers ``options``."""
        super().__init__(KNOCK, setting)
        self.answer: Answer | None = None
        self.reply: Segment | None = None
        self.icmp: Icmp | None = None
        self.tries = 0
        self._seconds, self._options = seconds, options
        self._deadline = 0.0
        self._left = False

    @property
    def took(self) -> float:
        """Seconds from the first SYN to what told, or to the end of patience."""
        events = self.transcript.events
        return events[-1].time - events[0].time if events else self._seconds

    def start(self, now: float) -> list[Command]:
        """The first SYN."""
        return self._next_syn(now)

    def seen(self, event: Seen) -> list[Command]:
        """A segment: anything with RST refuses, a SYN,ACK is taken back by a RST.

        The time given to the peer runs from our own SYN: crafting and sending the first of a run takes a while, too.
        """
        if self.finished:
            return []
        self._record(event)
        segment = event.segment
        if event.to_peer:
            return self._wait(event.time)
        if segment.flags & RST:
            self.reply = segment
            return self._end(Answer.REFUSED)
        if segment.flags & (SYN | ACK) == SYN | ACK:
            self.reply = segment
            return [Send(Segment(segment.ack, flags=RST)), *self._end(Answer.OPEN)]
        return []

    def reported(self, time: float, icmp: Icmp, quoted: Segment, number: int = 0) -> list[Command]:
        """An ICMP error; the next SYN tells whether that was for a moment only."""
        super().reported(time, icmp, quoted, number)
        self.icmp = icmp
        if self.finished:
            return []
        if len(self.transcript.errors) >= ERRORS or self.tries == len(GAPS):
            return self._end(Answer.UNREACHABLE)
        return self._next_syn(time)

    def woken(self, now: float) -> list[Command]:
        """The next SYN, or the end of patience."""
        if self.finished or now < self._deadline:
            return [] if self.finished else [WakeAt(self._deadline)]
        if not self._left:  # it has not been seen to leave
            return self._wait(now)
        self._record(Quiet(now))
        if self.tries < len(GAPS):
            return self._next_syn(now)
        return self._end(Answer.SILENT if self.icmp is None else Answer.UNREACHABLE)

    def interrupt(self) -> list[Command]:
        """Nothing of a connection is left that would need a RST."""
        self.transcript.interrupted = self.finished = True
        return [Done()]

    def sentence(self, target: Endpoint) -> str:
        """What came of it, for people."""
        if self.answer is Answer.OPEN:
            return f"{target} answers"
        if self.answer is Answer.REFUSED:
            return f"{target} refuses connections (RST)"
        if self.answer is Answer.UNREACHABLE:
            return f"{target} cannot be reached: {self.icmp}"
        return f"{target} is filtered or down: no answer to {self.tries} SYNs in {self.took:.2g} s"

    def _next_syn(self, now: float) -> list[Command]:
        self.tries += 1
        self._left = False
        self._deadline = now + GAPS[self.tries - 1] * self._seconds
        syn = Segment(self.tester.iss, flags=SYN, window=65535, options=self._options)
        return [Send(syn), WakeAt(self._deadline)]

    def _wait(self, now: float) -> list[Command]:
        """The peer's time begins."""
        self._left = True
        self._deadline = now + GAPS[self.tries - 1] * self._seconds
        return [WakeAt(self._deadline)]

    def _end(self, answer: Answer) -> list[Command]:
        self.answer = answer
        self.finished = True
        return [Done()]
