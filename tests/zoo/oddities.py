"""What single stacks do with a segment, as functions for ``Traits``: most are customs, what is a fault says so."""

from __future__ import annotations

import random
from dataclasses import replace

from probe.spec.reaction import Reaction
from probe.spec.segment import ACK, FIN, RST, SACK, SACK_PERMITTED, SYN, TIMESTAMPS, URG, Option, Segment
from probe.spec.seq import Seq
from probe.spec.states import State
from tests.zoo.applications import Echo
from tests.zoo.connection import Application, Connection
from tests.zoo.traits import Choose, Ends, Leaves

Leaving = list[tuple[float, Segment]]


def _is_pure_ack(segment: Segment) -> bool:
    return segment.flags == ACK and not segment.length


# -- what leaves -------------------------------------------------------------------------------------------------------


def twice(connection: Connection, segment: Segment) -> Leaving:
    """Every acknowledgment goes out twice."""
    return [(0.0, segment)] * (2 if _is_pure_ack(segment) else 1)


def window_updates(connection: Connection, segment: Segment) -> Leaving:
    """Behind every acknowledgment another one, with a larger window (RFC 9293 section 3.8.6)."""
    more = replace(segment, window=min(65535, segment.window + 1))
    reads = connection.tcb.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
    return [(0.0, segment), (0.002, more)] if reads and _is_pure_ack(segment) else [(0.0, segment)]


def late(seconds: float, *, flags: int = 0) -> Leaves:
    """Everything leaves so much later; with ``flags`` only what carries all of them."""

    def leaves(connection: Connection, segment: Segment) -> Leaving:
        return [(seconds if segment.has(flags) else 0.0, segment)]

    return leaves


def swapped(connection: Connection, segment: Segment) -> Leaving:
    """Text leaves a little after the acknowledgment or FIN that follows it: two queues in one device."""
    return [(0.003 if segment.length else 0.0, segment)]


def rst_with_ack(connection: Connection, segment: Segment) -> Leaving:
    """RST,ACK where the RFC writes a RST alone."""
    if not segment.flags & RST or segment.flags & ACK or connection.tcb.irs == connection.tcb.rcv_nxt:
        return [(0.0, segment)]
    known = connection.before if connection.before.state is not State.CLOSED else connection.tcb
    return [(0.0, replace(segment, flags=segment.flags | ACK, ack=known.rcv_nxt))]


def selective(connection: Connection, segment: Segment) -> Leaving:
    """SACK (RFC 2018) where the other end offered it."""
    offer = connection.offer
    if offer is None or offer.option(SACK_PERMITTED) is None or segment.flags & RST:
        return [(0.0, segment)]
    option = Option(SACK_PERMITTED) if segment.flags & SYN else None
    if option is None and connection.tcb.held and segment.flags & ACK:
        edges = b"".join(int(e).to_bytes(4, "big") for low, high, _ in connection.tcb.held[:1] for e in (low, high))
        option = Option(SACK, edges)
    if option is None:
        return [(0.0, segment)]
    pad = (Option(1),) * (-option.size % 4)
    return [(0.0, replace(segment, options=(*segment.options, *pad, option)))]


def spoiled(*, first_only: bool = False) -> Leaves:
    """A fault: the checksum of the SYN,ACK is wrong (RFC 9293 section 3.1, MUST-2), always or the first time."""

    def leaves(connection: Connection, segment: Segment) -> Leaving:
        again = first_only and connection.repetition > 0
        bad = segment.has(SYN | ACK) and not again
        return [(0.0, replace(segment, faults=("checksum",)) if bad else segment)]

    return leaves


def reserved_echoed(connection: Connection, segment: Segment) -> Leaving:
    """A fault: what stood in the reserved bits goes back (RFC 9293 section 3.1: zero in generated segments)."""
    return [(0.0, replace(segment, reserved=connection.met.reserved if connection.met else 0))]


def without_push(connection: Connection, segment: Segment) -> Leaving:
    """PSH is never set, URG's pointer never cleared: neither says anything without its flag."""
    return [(0.0, replace(segment, flags=segment.flags & ~(8 | URG), urgent=7))]


def coarse_clock(connection: Connection, segment: Segment) -> Leaving:
    """The clock of its timestamps ticks twice a second (RFC 7323 section 5.4 has 1 ms to 1 s)."""
    stamps = segment.timestamps
    if stamps is None:
        return [(0.0, segment)]
    ticked = Option(TIMESTAMPS, (stamps[0] // 500).to_bytes(4, "big") + stamps[1].to_bytes(4, "big"))
    return [(0.0, replace(segment, options=tuple(ticked if o.kind == TIMESTAMPS else o for o in segment.options)))]


# -- what it takes a segment for ---------------------------------------------------------------------------------------


def without_paws(connection: Connection, segment: Segment) -> Segment:
    """No PAWS (RFC 7323 section 5): an old stamp is as good as a new one."""
    stamps = segment.timestamps
    tcb = connection.tcb
    if stamps is None or not tcb.timestamps or not Seq(stamps[0]) < Seq(tcb.ts_recent):
        return segment
    fresh = Option(TIMESTAMPS, tcb.ts_recent.to_bytes(4, "big") + stamps[1].to_bytes(4, "big"))
    return replace(segment, options=tuple(fresh if o.kind == TIMESTAMPS else o for o in segment.options))


def fin_on_text_unseen(connection: Connection, segment: Segment) -> Segment:
    """A fault: the FIN of a segment with text is not seen (RFC 9293 section 3.10.7.4 eighth)."""
    return replace(segment, flags=segment.flags & ~FIN) if segment.length else segment


def fin_anywhere(connection: Connection, segment: Segment) -> Segment:
    """A fault: a FIN is taken wherever it lies (RFC 9293 section 3.10.7.4 first), as passt does."""
    known = connection.tcb.state is State.ESTABLISHED and segment.has(FIN)
    return replace(segment, seq=connection.tcb.rcv_nxt) if known else segment


def checksum_unseen(connection: Connection, segment: Segment) -> Segment:
    """A fault: a wrong checksum is not noticed (RFC 9293 section 3.1, MUST-3)."""
    return replace(segment, faults=tuple(f for f in segment.faults if f != "checksum"))


def any_rst(connection: Connection, segment: Segment) -> Segment:
    """A fault: every RST is taken for one at RCV.NXT (RFC 9293 section 3.5.3)."""
    known = connection.tcb.state not in (State.CLOSED, State.LISTEN, State.SYN_SENT)
    return replace(segment, seq=connection.tcb.rcv_nxt) if known and segment.flags & RST else segment


# -- what it keeps from the oracle -------------------------------------------------------------------------------------


def deferred(connection: Connection, segment: Segment) -> list[Segment] | None:
    """Deferred accept (Linux's TCP_DEFER_ACCEPT): the bare ACK does not open, text does."""
    bare = segment.flags & (ACK | SYN | RST | FIN) == ACK and not segment.length
    return [] if bare and connection.tcb.state is State.SYN_RECEIVED and connection.tcb.listening else None


def deaf_to_syn(connection: Connection, segment: Segment) -> list[Segment] | None:
    """A SYN for a connection that is not closed is dropped without a word (some firewalls, some stacks)."""
    known = connection.tcb.state not in (State.CLOSED, State.LISTEN, State.SYN_SENT)
    return [] if known and segment.flags & (SYN | ACK | RST) == SYN else None


def deaf_below(connection: Connection, segment: Segment) -> list[Segment] | None:
    """An empty segment below the window is dropped without a word; text there is answered."""
    tcb = connection.tcb
    known = tcb.state in (State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2)
    return [] if known and not segment.seg_len and segment.seq < tcb.rcv_nxt else None


# -- which permitted reaction it takes ---------------------------------------------------------------------------------


def last(connection: Connection, segment: Segment, reactions: tuple[Reaction, ...]) -> Reaction:
    """The last permitted one that keeps what the first one keeps: nobody's usual choice, and as good."""
    kept = reactions[0].next.state in (State.CLOSED, State.LISTEN)
    alike = [r for r in reactions if (r.next.state in (State.CLOSED, State.LISTEN)) is kept]
    return [r for r in alike if r.rest is None][-1]  # another stack leaves a part for later


def by_lot(seed: int) -> Choose:
    """Any permitted one that keeps what the first one keeps, drawn: a mixture, which RFC 9293 does not forbid."""
    drawn = random.Random(seed)

    def choose(connection: Connection, segment: Segment, reactions: tuple[Reaction, ...]) -> Reaction:
        return drawn.choice([reactions[0], last(connection, segment, reactions)])

    return choose


# -- what ends it ------------------------------------------------------------------------------------------------------


def at_illegal_option(how: str) -> Ends:
    """A fault: an option of impossible length ends the stack (RFC 9293 section 3.1, MUST-7)."""
    return lambda segment: how if any(o.fault for o in segment.options) else ""


def at_text(size: int, how: str) -> Ends:
    """A fault: a segment with so much text ends the stack."""
    return lambda segment: how if segment.length >= size else ""


# -- applications ------------------------------------------------------------------------------------------------------


class LateEcho(Echo):
    """A relay: its stack acknowledges at once, what it relays comes back later."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held = b""
        self._ended = False

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        self._held += data
        connection.alarm = now + self._seconds

    def end_of_file(self, connection: Connection, now: float) -> None:
        self._ended, connection.alarm = True, now + self._seconds

    def wakes(self, connection: Connection, now: float) -> None:
        held, self._held = self._held, b""
        if held:
            connection.send(held)
        if self._ended:
            connection.close()


class Chargen(Application):
    """Sends without end (RFC 864)."""

    def begins(self, connection: Connection, now: float) -> None:
        self.wakes(connection, now)

    def wakes(self, connection: Connection, now: float) -> None:
        connection.send(b"abcdefghijklmnopqrstuvwxyz0123456789" * 2)
        connection.alarm = now + 0.01

    def end_of_file(self, connection: Connection, now: float) -> None:
        connection.close()


class Greeter(Application):
    """Speaks first, and closes when told QUIT (FTP, SMTP, POP)."""

    def __init__(self, greeting: bytes = b"220 zoo FTP ready\r\n") -> None:
        self._greeting = greeting
        self._heard = b""

    def begins(self, connection: Connection, now: float) -> None:
        connection.send(self._greeting)

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        self._heard += data
        while b"\n" in self._heard:
            line, _, self._heard = self._heard.partition(b"\n")
            if line.strip().upper() == b"QUIT":
                connection.send(b"221 bye\r\n")
                connection.close()
            else:
                connection.send(b"500 what?\r\n")

    def end_of_file(self, connection: Connection, now: float) -> None:
        connection.close()
