"""The only loop: joins conductors and the line. Every exchange in progress has a source port of its own."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from probe.engine.belief.events import Ask, Command, Done, Seen, Send, WakeAt
from probe.engine.trial.attempt import Attempt
from probe.live.pacing import Pace, syns
from probe.spec.segment import ACK, RST, SYN, Flow
from probe.spec.states import FIN_SENT
from probe.wire.decode import hops, identification
from probe.wire.errors import WireError
from probe.wire.link import Arrival, Link
from probe.wire.sockdiag import KernelTable

LONG_WAIT = 5.0
"""Seconds between looks at the line when nobody waits for anything."""
_WATCH = 1.0
"""Seconds between looks at whether the peer is gone, however long the line is waited for."""

_UNMET = 1000
"""So many connections that nobody was ready for are remembered."""

Supply = Callable[[], Attempt | None]
Finished = Callable[[Attempt], None]


STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})
"""The signals that end a run."""


class OutOfTimeError(Exception):
    """The deadline of the run has come."""


@contextmanager
def signals(how: int) -> Iterator[None]:
    """Within, what stops a run is let through (``SIG_UNBLOCK``) or kept waiting (``SIG_BLOCK``)."""
    before = signal.pthread_sigmask(how, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Loop:
    """Runs attempts side by side. ``table`` reads the peer's own view where the peer is of this machine.

    ``arrivals`` keeps everything seen, in order, where there is a recording to write from it; packets are numbered on
    from ``recorded``, those already in it (None: there is none). ``pace`` says when another may begin.
    """

    def __init__(
        self,
        link: Link,
        table: KernelTable | None = None,
        *,
        recorded: int | None = None,
        ask: Callable[[Flow, bytes], None] | None = None,
        admit: Callable[[Arrival], bool] | None = None,
        pace: Pace | None = None,
        until: float | None = None,
        watch: Callable[[], None] | None = None,
    ) -> None:
        """``ask`` hands a line to the peer's application, where there is one that can be asked.

        ``admit`` says of the first segment of a connection that a peer opens whether it is wanted (None: all are).
        ``until`` (of ``time.monotonic``) is when all must be over. ``watch`` raises WireError when the peer is known
        to be gone, which then is as if the line had failed.
        """
        self.ask, self.admit, self._watch = ask, admit, watch
        self.link = link
        self.table = table
        self.keep, self.recorded = recorded is not None, recorded or 0
        self.arrivals: deque[Arrival] = deque()
        self._pace = pace or Pace()
        self._until = until
        self._held: float | None = None
        self.hop_limit = 0
        """That of the newest SYN,ACK: how far away the peer, or who answers in its place, is."""
        self.newest = 0
        """The number of the newest packet."""
        self._live: dict[Flow, Attempt] = {}
        self._called: dict[int, deque[Attempt]] = {}
        self._unmet: dict[Flow, list[Arrival]] = {}
        """SYNs that came when no attempt was ready for another connection: what is sent again of them began so."""

    def run(self, supply: Supply, finished: Finished, parallel: int) -> None:
        """Until ``supply`` has nothing more and everything in progress has ended.

        On KeyboardInterrupt, when the line fails and when the deadline comes (OutOfTimeError), every exchange in
        progress is reset on the peer and handed to ``finished`` as it stands.
        """
        try:
            # Signals come through only while the line is waited for, so that no attempt is heard by half.
            with signals(signal.SIG_BLOCK):
                self._in_time()
                self._fill(supply, parallel)
                while self._live or self._held is not None:
                    self._turn(finished)
                    self._in_time()
                    self._fill(supply, parallel)
        except (KeyboardInterrupt, WireError, OutOfTimeError):
            for attempt in list(self._live.values()):
                with suppress(WireError):  # a line that is gone carries no RST either
                    self._obey(attempt, attempt.conductor.interrupt())
                finished(attempt)
            self._live.clear()
            raise

    def stop(self, unwanted: Callable[[Attempt], bool]) -> None:
        """End attempts in progress before their time: reset them on the peer; the next turn hands them out."""
        for attempt in self._live.values():
            if not attempt.done and unwanted(attempt):
                self._obey(attempt, attempt.conductor.interrupt())

    @property
    def standing(self) -> int:
        """How many attempts in progress have had an answer of the peer, so that a connection may stand."""
        return sum(any(not event.to_peer for _, event in attempt.segments) for attempt in self._live.values())

    def busy(self, besides: Callable[[Attempt], bool]) -> bool:
        """Whether anything is in progress beside such attempts."""
        return any(not besides(attempt) for attempt in self._live.values())

    def reset(self, attempt: Attempt) -> None:
        """Reset on the peer what an attempt that has ended may have left there."""
        self._obey(attempt, attempt.conductor.interrupt())

    def _in_time(self) -> None:
        if self._until is not None and time.monotonic() >= self._until:
            raise OutOfTimeError

    def _fill(self, supply: Supply, parallel: int) -> None:
        """Begin as many as there is room for; ``_held`` is when the next may begin that the pace keeps back."""
        self._held = None
        while len(self._live) < parallel:
            now = time.time()
            if self._pace.next > now:
                self._held = self._pace.next
                return
            if (attempt := supply()) is None:
                return
            self._live[attempt.flow] = attempt
            attempt.dropped_before = self.link.dropped()
            if attempt.scenario.opens == "peer":
                self._called.setdefault(attempt.flow.local.port, deque()).append(attempt)
            self._obey(attempt, attempt.conductor.start(now))
            if self._pace.gap:  # from when the SYN has left: a busy machine must not make the next pause shorter
                self._pace.begun(time.time(), syns(attempt.scenario))

    def _turn(self, finished: Finished) -> None:
        """Wait for the line or the next deadline; hand out what came; wake whose time is over."""
        moments = [a.wake for a in self._live.values() if a.wake is not None]
        if self._held is not None:
            moments.append(self._held)
        now = time.time()
        wake = time.monotonic() + max(0.0, min(moments, default=now + LONG_WAIT) - now)
        if self._watch is not None:
            wake = min(wake, time.monotonic() + _WATCH)
        with signals(signal.SIG_UNBLOCK):
            came = self.link.receive(wake if self._until is None else min(wake, self._until))
        self._take(came)
        looked = time.time()
        self._take(self.link.receive(0))
        if self._watch is not None:  # before any silence or reset of the peer's is taken for its answer
            self._watch()
        # Everything that came before `looked` has been read, so a silence until then is a silence of the peer.
        for attempt in list(self._live.values()):
            if not attempt.done and attempt.wake is not None and attempt.wake <= looked:
                attempt.wake = None
                self._obey(attempt, attempt.conductor.woken(looked))
        for flow, attempt in list(self._live.items()):
            if attempt.done:
                del self._live[flow]
                waiting = self._called.get(attempt.flow.local.port)
                if waiting is not None and attempt in waiting:  # it no longer waits for a connection
                    waiting.remove(attempt)
                attempt.conductor.transcript.dropped = self.link.dropped() - attempt.dropped_before
                finished(attempt)

    def _take(self, arrivals: list[Arrival]) -> None:
        while arrivals:
            orders: dict[Attempt, list[Command]] = {}
            for arrival in arrivals:
                self.newest = arrival.number
                if self.keep:
                    self.arrivals.append(arrival)
                if arrival.segment.flags & SYN and not arrival.sent and arrival.icmp is None:
                    self.hop_limit = hops(arrival.packet)
                attempt = self._live.get(arrival.flow) or self._opened(arrival)
                if attempt is not None and not attempt.done:
                    orders.setdefault(attempt, []).extend(self._hand_over(attempt, arrival))
            arrivals = self._ask_kernel(list(orders)) if self.table is not None and orders else []
            for attempt, commands in orders.items():
                self._obey(attempt, commands)

    def _opened(self, arrival: Arrival) -> Attempt | None:
        """The attempt that waits for the connection a peer opens with this segment; from now on it has its flow."""
        waiting = self._called.get(arrival.flow.local.port)
        if waiting is None or arrival.sent or arrival.icmp is not None:
            return None
        if arrival.segment.flags & (SYN | ACK | RST) != SYN:
            return None
        if not waiting:
            if len(self._unmet) < _UNMET:
                self._unmet.setdefault(arrival.flow, []).append(arrival)
            return None
        if self.admit is not None and not self.admit(arrival):
            return None
        attempt = waiting.popleft()
        del self._live[attempt.flow]
        attempt.flow, attempt.dropped_before = arrival.flow, self.link.dropped()
        self._live[attempt.flow] = attempt
        for earlier in self._unmet.pop(arrival.flow, ()):
            if earlier.segment.seq == arrival.segment.seq:
                attempt.conductor.missed(self._event(earlier))
        return attempt

    def _hand_over(self, attempt: Attempt, arrival: Arrival) -> list[Command]:
        event = self._event(arrival)
        if arrival.icmp is not None:
            return attempt.conductor.reported(arrival.time, arrival.icmp, arrival.segment, event.number)
        if arrival.sent and not arrival.own:
            attempt.conductor.foreign(event)
            return []
        if not arrival.sent:
            # It may have been under way when the kernel was asked, and so may be what it answers: ours was delivered
            # late where the application held the socket, and a reset connection is gone before its RST is seen.
            attempt.kernel.pop(attempt.last_event, None)
        return attempt.conductor.seen(event)

    def _event(self, arrival: Arrival) -> Seen:
        number, packet = arrival.number + self.recorded, arrival.packet
        return Seen(arrival.time, arrival.sent, arrival.segment, number, identification(packet), hops(packet))

    def _ask_kernel(self, attempts: list[Attempt]) -> list[Arrival]:
        """Note the peer's own state where it is certain: the same before and after a look that found nothing new.

        What such a look found is returned. A kernel names the states after close() from the call on, though its FIN
        waits for room in the congestion window: they count once the FIN was seen.
        """
        first = {attempt: self._kernel_state(attempt) for attempt in attempts}
        unread = self.link.receive(0)
        moved = {arrival.flow for arrival in unread}
        for attempt, state in first.items():
            if state in FIN_SENT and not attempt.fin_came:
                continue
            if attempt.flow not in moved and self._kernel_state(attempt) == state:
                attempt.kernel[attempt.last_event] = state
        return unread

    def _kernel_state(self, attempt: Attempt) -> str:
        assert self.table is not None
        return self.table.state(attempt.flow.remote, attempt.flow.local) or "CLOSED"

    def _obey(self, attempt: Attempt, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Send):
                self.link.send(attempt.flow, command.segment)
            elif isinstance(command, Ask):
                if self.ask is not None:
                    self.ask(attempt.flow, command.line)
            elif isinstance(command, WakeAt):
                attempt.wake = command.time
            elif isinstance(command, Done):
                attempt.done = True
