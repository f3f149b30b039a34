"""The words a scenario is written in: what the tester sends, and what it waits for before it goes on. Pure data.

A wait is not a verdict: what the peer owes comes from ``probe.spec.arrives``. A wait may name a rule the oracle cannot
know (a retransmission must come), and a scenario may carry timing rules for repeated segments.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Num:
    """A number relative to one of the tester's variables; ``NXT - 1`` and ``NXT + 5`` read as they look."""

    base: str
    offset: int = 0

    def __add__(self, count: int) -> Num:
        return Num(self.base, self.offset + count)

    def __sub__(self, count: int) -> Num:
        return Num(self.base, self.offset - count)


ISS = Num("iss")
"""The tester's initial sequence number."""
NXT = Num("nxt")
"""The tester's SND.NXT."""
PEER = Num("peer")
"""The peer's initial sequence number."""
TEXT = Num("text")
"""The number after the peer's text received so far, its FIN left out."""
ZERO = Num("zero")
"""The absolute number 0, which a RST for no connection carries (RFC 9293 section 3.10.7.1)."""
RCV = Num("rcv")
"""The tester's RCV.NXT: the peer's text and FIN acknowledged."""
TOLD = Num("told")
"""The highest acknowledgment the tester has sent in earnest: the peer's SND.UNA."""
EDGE = Num("edge")
"""The first number right of the window the peer has offered: its RCV.NXT + RCV.WND."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the application behind the port is asked to do (``probe.scenarios.triggers`` says how)."""

    name: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the peer's application, beside the connection, for ``command``: to open a connection to us.

    Nothing is asked where a client comes of itself.
    """

    command: str


@dataclass(frozen=True, slots=True)
class Send:
    """Send one segment. ``flags`` as tcpdump writes them; a SYN carries ``options`` MSS unless they are given.

    ``fresh`` starts a new incarnation: the tester forgets the old connection's numbers. ``counts`` False keeps
    SND.NXT where it is although the segment starts there (an odd segment the peer must not take).
    """

    flags: str
    seq: Num = NXT
    ack: Num = RCV
    data: bytes | Command = b""
    window: int = 65535
    fresh: bool = False
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Expect:
    """Wait for something, at most ``within`` seconds (None: the run's patience).

    ``what``: ``S`` a SYN (the peer opens); ``S.`` a SYN,ACK;
    ``.`` all we sent is acknowledged; ``F`` a FIN; ``R`` a RST; ``text`` at least
    ``count`` octets; ``settled`` nothing is owed any more. For S, S., F and R ``count`` tells how many copies in all.
    ``rule`` is violated if it does not come; ``application`` says that the peer's application decides whether it comes
    (so that it is the stack's fault only behind an application known to obey; it is given three times the patience).
    """

    what: str
    within: float | None = None
    count: int = 1
    rule: str = ""
    application: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Watch for so many seconds; nothing may be due at the end."""

    seconds: float


Step = Ask | Send | Expect | Wait


@dataclass(frozen=True, slots=True)
class Repeats:
    """Timing of the copies of one segment: the first gap at least ``first`` seconds, each later gap longer.

    ``what`` as in Expect. ``first_rule`` and ``growth_rule`` may be empty (not judged).
    """

    what: str
    growth_rule: str
    first_rule: str = ""
    first: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One exchange: its id, what it shows in one line, its steps and the rules it exercises on a conforming peer.

    ``port`` is ``open`` or ``closed``: which kind of port the SYN goes to; ``opens`` is ``us`` or ``peer``: who sends
    it. ``topic`` groups it in reports and in the
    summary (``three_way``, ``close_by_us``, ``close_by_peer`` or empty). ``waits`` marks a wait for a peer timer.
    ``acks`` False stops the tester from acknowledging the peer's text by itself.
    """

    id: str
    title: str
    steps: tuple[Step, ...]
    shows: tuple[str, ...]
    clause: str
    topic: str = ""
    port: str = "open"
    opens: str = "us"
    waits: bool = False
    repeats: tuple[Repeats, ...] = ()
    distinct_isns: bool = False
    aborts: bool = False
    acks: bool = True
    order: int = 100

    @property
    def commands(self) -> tuple[str, ...]:
        """The application commands it needs, in order."""
        asked = [s.command if isinstance(s, Ask) else s.data for s in self.steps if isinstance(s, Ask | Send)]
        return tuple(a.name if isinstance(a, Command) else a for a in asked if not isinstance(a, bytes))


LIVE = (Send(".", seq=NXT - 1), Expect("settled"))
"""An empty segment one below the window: answered by an ACK while the connection exists, by a RST when it does not."""
OPEN = (Send("S"), Expect("S."), Send("."))
"""The three-way handshake."""
CALLED = (Ask("connect"), Expect("S", application=True))
"""The peer is brought to open a connection to us; it is in SYN-SENT."""
ANSWERED = (*CALLED, Send("S."), Expect("."))
"""The three-way handshake that the peer opens."""
