"""The tester's own variables while it plays a scenario: what it has sent and what the peer has sent so far."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

from probe.scenarios.steps import NXT, Num, Send
from probe.scenarios.triggers import TAKEN
from probe.spec.segment import ACK, FIN, MSS, NOP, RST, SYN, TIMESTAMPS, Option, Segment, parse_flags
from probe.spec.seq import Seq, later

_COUNTED = (("R", RST, RST), ("F", FIN, FIN), ("S.", SYN | ACK, SYN | ACK), ("S", SYN | ACK, SYN))
"""What is counted: its name, the flags looked at, and which of them are set."""
_USUAL = (Option(MSS, (1460).to_bytes(2, "big")),)
DEFAULT_MSS = 536
"""The send MSS where none was received: more with IPv6 (RFC 9293 section 3.7.1, MUST-15), and less is safe."""
_BEFORE_FIN = 1 << 16
"""So many octets of the peer's text are taken at the least once our FIN has left: its own comes after that."""
_WIDEST = 65535
FIRST_STAMP = 0x10000000
"""The first TSval the tester uses: any number does (RFC 7323 section 4.1), so it is the same in every run."""


@dataclass(slots=True)
class Tester:
    """Our end of the connection. ``text`` is the number after the peer's in-order text, its FIN left out.

    ``told`` is the highest acknowledgment we sent in earnest, ``edge`` the right edge of the window the peer offered,
    ``mss`` the largest segment it takes, ``expected`` the number that it asked for last.
    """

    iss: Seq
    nxt: Seq = Seq(0)
    una: Seq = Seq(0)
    far: Seq = Seq(0)
    peer: Seq = Seq(0)
    text: Seq = Seq(0)
    zero: Seq = Seq(0)
    told: Seq = Seq(0)
    synchronized: bool = False
    fin: Seq | None = None
    counts: dict[str, int] = field(default_factory=dict)
    edge: Seq = Seq(0)
    shift: int = 0
    tsval: int = FIRST_STAMP
    tsecr: int = 0
    stamps: bool = False
    mss: int = DEFAULT_MSS
    taken: int = TAKEN
    closes: bool = False
    expected: Seq | None = None
    _offered: Segment | None = None
    _perhaps: Seq | None = None
    """The end of text in order that the peer need not take, and may have taken."""

    def __post_init__(self) -> None:
        self.nxt = self.una = self.far = self.iss

    @property
    def rcv(self) -> Seq:
        """RCV.NXT: the peer's text and its FIN acknowledged."""
        return self.text if self.fin is None else self.fin + 1

    @property
    def known(self) -> Seq:
        """RCV.NXT without a FIN that was not acknowledged in earnest."""
        return self.rcv if self.told == self.rcv else self.text

    @property
    def all_acked(self) -> bool:
        """Whether the peer acknowledged everything we sent."""
        return self.synchronized and self.una == self.nxt

    @property
    def beyond(self) -> Seq:
        """The SEQ of an empty ACK: one that is acceptable whether the peer took what it need not take or did not."""
        return self.nxt if self._perhaps is None else later(self.nxt, self._perhaps)

    @property
    def text_received(self) -> int:
        """Octets of text in order from the peer."""
        return self.text.ahead_of(self.peer + 1) if self.synchronized else 0

    @property
    def window(self) -> int:
        """The window to offer: never less than was offered before, less the text that came since."""
        return self._window(closes=self.closes)

    def _window(self, *, closes: bool) -> int:
        taken = max(self.taken, _BEFORE_FIN) if closes else self.taken
        return max(0, min(_WIDEST, taken - self.text_received))

    def number(self, num: Num) -> Seq:
        """The value of a scenario's number now."""
        base: Seq = getattr(self, num.base)
        return base + num.offset if num.offset else base

    def restart(self, iss: Seq) -> None:
        """A new incarnation begins: forget the old connection.

        But what is acknowledged until the peer's SYN comes stays: an ACK field of no connection at all would be below
        what the peer has sent, or above, as chance has it, and some stacks answer only one of the two.
        """
        self.iss = self.nxt = self.una = self.far = iss
        self.text = self.told = self.rcv
        self.synchronized, self.fin = False, None
        self.edge, self.shift, self.stamps, self.tsecr, self.mss = Seq(0), 0, False, 0, DEFAULT_MSS
        self.counts, self.closes, self._perhaps = {}, False, None

    def sent(self, segment: Segment, *, counts: bool = True, fresh: bool = False) -> None:
        """SND.NXT and the ACK given, after a segment; one that does not count moves it once it is acknowledged.

        A fresh one begins a new incarnation: the old connection is forgotten.
        """
        if fresh:
            self.restart(segment.seq)
        if (stamps := segment.timestamps) is not None:
            self.tsval = max(self.tsval, stamps[0])
        if segment.seg_len and counts:
            self.nxt = later(self.nxt, segment.end)
        elif (
            segment.length
            and segment.seq == self.nxt
            and segment.end <= self.edge
            and not segment.flags & (SYN | FIN | RST)
        ):
            self._perhaps = segment.end
        self.closes = self.closes or (counts and segment.flags & FIN != 0)
        self.far = later(later(self.far, self.nxt), segment.end)
        if segment.flags & SYN and counts:
            self._offered = segment
        if segment.flags & (ACK | RST) == ACK and self.synchronized and counts:
            self.told = later(self.told, segment.ack)

    def options(self, flags: int, step: Send | None = None) -> tuple[Option, ...]:
        """What the step says, else our MSS on a SYN, and timestamps where they were negotiated (RFC 7323 3.2)."""
        given = None if step is None else step.options
        offset = None if step is None else step.stamp
        if offset is None and given is None and self.stamps and not flags & (SYN | RST):
            offset = 0
        if given is None:
            given = _USUAL if flags & SYN else ()
        if offset is None:
            return given
        value = int(Seq(self.tsval) + offset)
        stamps = Option(TIMESTAMPS, value.to_bytes(4, "big") + self.tsecr.to_bytes(4, "big"))
        return (*given, *[Option(NOP)] * (-sum(option.size for option in (*given, stamps)) % 4), stamps)

    def room(self, path: int) -> int:
        """Octets of text that a segment may carry on a path that takes so many: the options need theirs (MUST-16)."""
        options = 12 if self.stamps else 0
        return max(1, min(self.mss, path) - options)

    def fits(self, step: Send, length: int) -> bool:
        """Whether the peer's window has room for a segment with so much text (RFC 9293 section 3.8.6).

        Only what is to be taken must lie in it. Nothing is known of the window before our SYN is acknowledged, and
        nothing counts after a RST.
        """
        flags = parse_flags(step.flags)
        if not (length or flags & FIN or step.seq.offset):
            return True
        taken = step.counts and step.seq.base == NXT.base and step.seq.offset >= 0 and not flags & SYN
        if not taken or self.una == self.iss or "R" in self.counts:
            return True
        return self.number(step.seq) + max(1, length + bool(flags & FIN)) <= self.edge

    def segment(self, step: Send, payload: bytes) -> Segment:
        """A scenario's step as a segment with our numbers now; ``payload`` is what it carries."""
        flags, seq = parse_flags(step.flags), self.number(step.seq)
        here = self
        if step.fresh:
            here = copy(self)
            here.restart(seq)
        return Segment(
            seq,
            here.number(step.ack) if flags & ACK else Seq(0),
            flags,
            min(step.window, here._window(closes=here.closes or (step.counts and flags & FIN != 0))),
            len(payload),
            payload,
            here.options(flags, step),
            step.urgent,
            step.reserved,
            (step.fault,) if step.fault else (),
        )

    def resets(self, *, called: bool) -> list[Segment]:
        """RSTs that end the connection wherever the peer is.

        In SYN-SENT it takes one that acknowledges its SYN; a peer that ``called`` us may have left text on our SYN,ACK.
        """
        first = () if self.synchronized and not called else (self.iss + 1,)
        numbers = dict.fromkeys((self.nxt if self.expected is None else self.expected, self.nxt, *first))
        return [Segment(n, self.rcv, RST | ACK) if called else Segment(n, flags=RST) for n in numbers]

    def is_probed(self, segment: Segment) -> bool:
        """Whether it is a keep-alive, which starts one below what we wait for (RFC 9293 section 3.8.4)."""
        bare = segment.flags & (SYN | FIN | RST | ACK) == ACK and segment.length <= 1
        return self.synchronized and bare and segment.seq == self.text - 1

    def takes(self, segment: Segment) -> bool:
        """Note a segment of the peer; True when it brought text that is to be acknowledged."""
        for name, mask, flags in _COUNTED:
            if segment.flags & mask == flags:
                self.counts[name] = self.counts.get(name, 0) + 1
        if segment.flags & RST:
            return False
        if segment.flags & ACK:
            self.expected = segment.ack
        opens = not segment.flags & ACK or self.iss < segment.ack <= self.far  # our SYN, or text on it too
        if segment.flags & SYN and opens and not self.synchronized:
            self.peer, self.text, self.synchronized = segment.seq, segment.seq + 1, True
            self.told = segment.seq
            asked = segment.option(MSS)
            self.mss = DEFAULT_MSS if asked is None else int.from_bytes(asked.data, "big")
            # The options in force after the peer's SYN,ACK: RFC 7323 sections 2.2 (scale) and 3.2 (timestamps).
            offered = self._offered
            if offered is not None and offered.window_scale is not None:
                self.shift = segment.window_scale or 0
            self.stamps = bool(offered and offered.timestamps is not None and segment.timestamps is not None)
        if segment.timestamps is not None:
            self.tsecr = segment.timestamps[0]
        if segment.flags & ACK:
            self.edge = segment.ack + (segment.window << (0 if segment.flags & SYN else self.shift))
            if self.synchronized and self.nxt < segment.ack <= self.far:
                self.nxt = segment.ack  # what need not be taken was taken
            if self.una <= segment.ack <= self.nxt:
                self.una = segment.ack
        return self.synchronized and not segment.flags & SYN and self._takes_text(segment)

    def _takes_text(self, segment: Segment) -> bool:
        end = segment.seq + segment.length
        fresh = segment.seq <= self.text < end
        if fresh:
            self.text = end
        if segment.flags & FIN and end == self.text:
            self.fin = end
        return fresh
