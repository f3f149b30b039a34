"""The words a scenario is written in: what the tester sends, and what it waits for before it goes on. Pure data.

A wait is not a verdict: what the peer owes comes from ``probe.spec.arrives``. A wait may name a rule the oracle cannot
know (a retransmission must come), and a scenario may carry timing rules for repeated segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from probe.scenarios.triggers import ANY, WORDS
from probe.spec.segment import Option


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
KNOWN = Num("known")
"""The tester's RCV.NXT, without a FIN of the peer that it has not acknowledged in earnest: what moves nothing."""
EDGE = Num("edge")
"""The right edge of the peer's window: the first number it does not take (RCV.NXT + RCV.WND there)."""
FAR = EDGE + (1 << 20)
"""A number well outside the peer's window, to the right."""


class Span(StrEnum):
    """What a wait is for. How many seconds that takes with this peer, ``probe.engine.play.habits`` says."""

    ANSWER = "answer"
    """A reply to what was sent."""
    APPLICATION = "application"
    """What only the application behind the port can do: it must be scheduled, and a busy machine takes its time."""
    CROWDED = "crowded"
    """The same on a host with many connections at a time, where each has its turn late."""
    GREETING = "greeting"
    """What a server says, or that it closes, without having been asked."""
    UNASKED = "unasked"
    """The same of one that takes its time."""
    SILENCE = "silence"
    """The pause after which a segment that need not be answered was not answered."""
    LATE = "late"
    """An acknowledgment, however late: long enough to see by how much."""
    REPETITION = "repetition"
    """Text or a FIN that the peer would send again if it still waited for its acknowledgment."""
    TIMER = "timer"
    """The same after a segment that acknowledges it: a peer that did not take that sends it again."""
    AFTERWARDS = "afterwards"
    """An answer too many: it would come on the heels of the one that was due."""
    IDLE = "idle"
    """Nothing at all, long enough for two keep-alives of a stack that takes half a second for idle."""
    STOPS = "stops"
    """The SYN,ACK that the peer would send again if it did: never over before its interval is known."""
    NEVER = "never"
    """A repetition that must come: after so long a silence it is said that it never does."""
    SPACING = "spacing"
    """Until this peer answers again what it does not accept."""
    HELD = "held"
    """Less than the 2MSL of any stack known: MSL may be chosen, not left out (RFC 9293 section 3.4.2, MUST-13)."""
    RESTART = "restart"
    RESTARTED = "restarted"
    """Two waits in TIME-WAIT, the second the shorter: together more than 2MSL of the usual 60 s, each alone less."""
    OVER = "over"
    """More than 2MSL with the MSL of 2 minutes that RFC 9293 section 3.4.2 defines."""
    GIVEN_UP = "given up"
    """More than twice the 100 s that R2 corresponds to at least (RFC 9293 section 3.8.3, SHLD-11)."""


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
    """Send one segment. ``flags`` as tcpdump writes them; a SYN carries MSS unless ``options`` are given.

    ``fresh`` starts a new incarnation: the tester forgets the old connection's numbers. ``counts`` False keeps
    SND.NXT where it is although the segment starts there (an odd segment the peer must not take).
    ``stamp`` adds the timestamps option (RFC 7323) with TSval so far from the newest one sent; once both SYNs had the
    option, every segment but a RST gets it by itself unless ``options`` are given. ``fault`` is one of
    ``Segment.faults``, ``urgent`` and ``reserved`` are those fields of the header. ``rule`` names what the peer's
    reaction to this segment shows, where the catalogue has a name for it in this place beside the oracle's.
    ``crossing``: it leaves although an answer to an earlier one may be in flight; else it waits until none can be.
    What counts from ``NXT`` on waits for room in the peer's window, and plain text leaves piece by piece where there is
    room for a part of it (RFC 9293 section 3.8.6).
    """

    flags: str
    seq: Num = NXT
    ack: Num = RCV
    data: bytes | Command = b""
    window: int = 65535
    fresh: bool = False
    counts: bool = True
    options: tuple[Option, ...] | None = None
    stamp: int | None = None
    fault: str = ""
    urgent: int = 0
    reserved: int = 0
    rule: str = ""
    crossing: bool = False


@dataclass(frozen=True, slots=True)
class Expect:
    """Wait for something, at most as long as ``within`` takes.

    ``what``: ``S`` a SYN (the peer opens); ``S.`` a SYN,ACK; ``.`` all we sent is acknowledged; ``F`` a FIN; ``R`` a
    RST; ``text`` at least ``count`` octets; ``settled`` nothing is owed any more; ``window`` is for ``Fill``.
    For S, S., F and R ``count`` tells how many copies in all.
    ``rule`` is violated if it does not come; ``application`` says that the peer's application decides whether it comes
    (so that it is the stack's fault only behind an application known to obey, and is given an application's time).
    ``silence`` goes on with the next step if nothing comes: where silence is one of the permitted answers.
    """

    what: str
    within: Span = Span.ANSWER
    count: int = 1
    rule: str = ""
    application: bool = False
    silence: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Watch for so long; nothing may be due at the end."""

    span: Span


@dataclass(frozen=True, slots=True)
class Fill:
    """Send text until the peer's window is closed: what it tells there is room for, each time anew.

    At most ``most`` octets, in segments that the peer and the path take. Where the window does not close, the rest of
    the exchange is left out and the attempt is not judged.
    """

    most: int = 80_000


@dataclass(frozen=True, slots=True)
class Question:
    """Ask the peer where it stands, by a segment that it is known to answer there, and wait for what it answers.

    Where none of them would be answered, the rest of the exchange is left out.
    """


Step = Ask | Send | Expect | Wait | Fill | Question


@dataclass(frozen=True, slots=True)
class Repeats:
    """Timing of the copies of one segment: the first gap as RFC 6298 section 2.1 has it, each later gap longer.

    ``what`` as in Expect. ``first_rule`` and ``growth_rule`` may be empty (not judged).
    """

    what: str
    growth_rule: str
    first_rule: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One exchange: its id, what it shows in one line, its steps and the rules it exercises on a conforming peer.

    ``port`` is ``open`` or ``closed``: which kind of port the SYN goes to; ``opens`` is ``us`` or ``peer``: who sends
    it. ``topic`` groups it in reports and in the summary (``three_way``, ``close_by_us``, ``close_by_peer`` or empty).
    ``waits`` marks a wait for a peer timer, ``slow`` one of more than a few seconds: played only when asked for.
    ``may_show`` are rules that come up only where the peer uses a permission: an exchange without ``shows`` is about
    that, and skipped where it does not. ``acks`` False stops the tester from
    acknowledging the peer's text by itself. ``iss`` fixes the tester's initial sequence number. ``expires`` allows the
    peer's own timers to end the connection (2MSL, R2); how long that took, ``probe.engine.judge`` judges. ``risky``
    marks segments that stacks have died of (illegal options, wrapped numbers, odd headers, much text): such an exchange
    is played after all others and alone, so that it takes nothing with it and a death is its own. ``prompt``: how soon
    the peer acknowledges is judged here; a stack that is late is so everywhere, which is told once.
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
    slow: bool = False
    may_show: tuple[str, ...] = ()
    acks: bool = True
    iss: int | None = None
    expires: bool = False
    prompt: bool = False
    risky: bool = False

    @property
    def rests(self) -> bool:
        """Whether it mostly waits, beside the others, and keeps no place of a listener's backlog meanwhile."""
        half_open = any(isinstance(s, Expect) and s.what == "S." and s.within is Span.NEVER for s in self.steps)
        return self.slow or (self.waits and not half_open)

    @property
    def fills(self) -> bool:
        """Whether it closes the peer's receive window."""
        return any(isinstance(s, Fill) for s in self.steps)

    @property
    def commands(self) -> tuple[str, ...]:
        """The application commands it needs, in order."""
        asked = [s.command if isinstance(s, Ask) else s.data for s in self.steps if isinstance(s, Ask | Send)]
        return tuple(a.name if isinstance(a, Command) else a for a in asked if not isinstance(a, bytes))


IDLE = Wait(Span.IDLE)
"""The connection is left alone: nothing is sent but the ACK of each keep-alive."""
WINDOW = "window"
ROOM_TAKEN = Expect(WINDOW, application=True)
"""The text that fills a window is acknowledged; whether there is room depends on the application and its buffer."""
ROOM = "room"
"""The peer's window has room for what is to be sent next."""
QUESTION = "question"
OCTET_BELOW = Send("P.", seq=NXT - 2, ack=KNOWN, data=b"x", counts=False)
"""An octet below the window: answered by an ACK while the connection exists, by a RST when it does not.

It ends one short of RCV.NXT: of one that ends there Linux takes the acknowledgment. And it acknowledges nothing new:
lwIP takes the acknowledgment of what it does not accept, so that a question about LAST-ACK would end it.
"""
EMPTY_BELOW = Send(".", seq=NXT - 1, ack=KNOWN)
"""The same without text: many a stack limits how often it answers segments without (RFC 5961 section 7)."""
NEXT_OCTET = Send("P.", data=b"x")
"""The next octet in order, for a peer that answers no segment that it does not accept."""
SYN_RECEIVED = (Send("S"), Expect("S."))
OPEN = (*SYN_RECEIVED, Send("."))
"""The three-way handshake."""
HEARD = (*SYN_RECEIVED, Send("R"))
"""A plain SYN is answered and taken back: the port is known to listen, and the peer is in LISTEN again."""
CALLED = (Ask("connect"), Expect("S", application=True))
"""The peer is brought to open a connection to us; it is in SYN-SENT."""
ANSWERED = (*CALLED, Send("S."), Expect("."))
"""The three-way handshake that the peer opens."""
FULL = (Ask("connect and never read"), Expect("S", application=True), *ANSWERED[2:], Fill())
"""The same, and text until the peer's receive window is closed."""
WORD, MORE = WORDS[ANY][:10], WORDS[ANY][10:20]
"""Ten octets that ask for nothing, and ten to go on with: `probe target` waits for the rest."""
SPEAK = (Send("P.", data=WORD), Expect("."))
"""Data, acknowledged: the connection is known to stand. A listener may defer its accept until text comes."""
SPEAK_ON = (Send("P.", data=MORE), Expect("."))
"""The same, where text was sent before."""
OPEN_STAMPED = (Send("S", stamp=0), Expect("S."), Send("."))
"""The three-way handshake with timestamps offered."""
PEER_CLOSES = (Send("P.", data=Command("close")), Expect("F", rule="aclose.fin-form", application=True))
"""The peer's application is asked to close first, and its FIN has come: nothing of ours acknowledges it yet."""
FIN_AGAIN = (Send("F.", seq=NXT - 1), Expect("settled"))
"""Our FIN comes once more."""

# The peer brought into the state of that name; where it closes first we close second, or at the same time.
FIN_WAIT_1 = (*OPEN, *PEER_CLOSES)
FIN_WAIT_2 = (*FIN_WAIT_1, Send("."))
CLOSING = (*FIN_WAIT_1, Send("F.", ack=TEXT), Expect("."))
TIME_WAIT = (*FIN_WAIT_1, Send("F."), Expect("."))
CLOSE_WAIT = (*OPEN, Send("P.", data=Command("hold")), Expect("."), Send("F."), Expect("."))
LAST_ACK = (*OPEN, Send("F."), Expect("."), Expect("F", rule="close.passive-fin", application=True))
