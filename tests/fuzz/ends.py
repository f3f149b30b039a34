"""A conforming end that does all it may, by chance: any permitted reaction, call and timer, any window and option.

Its segments are not made by what reads them back in ``probe.engine``: it keeps a retransmission queue, a window that
opens, closes and shrinks, timestamps that wrap, and an acknowledgment that it may put off.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.reaction import Reply, permitted
from probe.spec.segment import ACK, FIN, MSS, RST, SYN, TIMESTAMPS, WSCALE, Option, Segment
from probe.spec.seq import SPACE, Seq, later
from probe.spec.states import SENDING, SYNCHRONIZED, State
from probe.spec.tcb import Tcb

WINDOWS = ((29200,), (65535, 1000), (0, 1, 3, 60, 1000, 29200, 65535, 300_000))
"""Of which an end offers one at a time: always the same, two, or any."""


def number(rng: Random) -> Seq:
    """Any, or one that soon passes 2**32 or 2**31."""
    return Seq(rng.choice((2**31, SPACE)) - rng.randrange(2, 3000) if rng.random() < 0.5 else rng.getrandbits(32))


class End:
    """One end; ``listening`` or to be opened. ``quits``: its user may give up while it is in SYN-SENT."""

    def __init__(self, rng: Random, *, listening: bool, profile: str = "rfc9293", quits: bool = True) -> None:
        """Its traits are drawn once."""
        self._rng, self._profile, self._quits = rng, profile, quits
        self.tcb = Tcb(State.LISTEN, listening=True) if listening else Tcb(State.CLOSED)
        self._iss = number(rng)
        self._clock = rng.choice((rng.getrandbits(32), SPACE - 3, SPACE // 2 - 3))
        self._echo = 0
        self._queue: list[Segment] = []
        self._owes = False
        self._scale = rng.choice((None, None, 0, 7, 14))
        self._stamps = rng.random() < 0.5
        self._windows = rng.choice(WINDOWS)

    # -- what comes ----------------------------------------------------------------------------------------------------

    def arrives(self, segment: Segment) -> list[Segment]:
        """What it sends when a segment reaches it, at once."""
        if segment.timestamps is not None:
            self._echo = segment.timestamps[0]
        reaction = self._rng.choice(permitted(arrives(self.tcb, segment), self._profile))
        self.tcb = reaction.next
        if self.tcb.state in (State.CLOSED, State.LISTEN):
            self._owes, self._queue = False, []
        out = []
        if reaction.reply is not None and reaction.reply.covers:
            self._owes = True
        elif reaction.reply is not None:
            out.append(self._replies(reaction.reply))
        self._queue = [sent for sent in self._queue if self.tcb.iss is None or sent.end > self.tcb.snd_una]
        if reaction.rest is not None:
            out += self.arrives(reaction.rest)
        return out + (self.acknowledges() if self._rng.random() < 0.6 else [])

    def _replies(self, reply: Reply) -> Segment:
        flags, ack = reply.flags, reply.ack or Seq(0)
        if reply.ack_from is not None and self._rng.random() < 0.5:
            ack = reply.ack_from
        if flags & SYN and not reply.seqs:
            return self._accepts(ack, reply.above)
        seq = self._rng.choice(reply.seqs)
        if not seq and len(reply.seqs) > 1:  # as if there were no connection (3.10.7.1)
            flags, ack = RST | ACK, reply.acks[-1]
        elif flags == RST and seq and reply.acks and self._rng.random() < 0.3:
            flags, ack = RST | ACK, self._rng.choice(reply.acks)
        return self._leaves(Segment(seq, ack if flags & ACK else Seq(0), flags))

    def _accepts(self, ack: Seq, above: Seq | None) -> Segment:
        """The first SYN,ACK; the ISN after it will be another."""
        iss = self._iss if above is None else above + self._rng.choice((1, 2, 70_000))
        self._iss = number(self._rng)
        scaled = self._scale is not None and self.tcb.offer_scale is not None
        self.tcb = replace(
            self.tcb,
            iss=iss,
            snd_una=iss,
            snd_nxt=iss + 1,
            rcv_nxt=ack,
            rcv_shift=(self._scale or 0) if scaled else 0,
            snd_shift=(self.tcb.offer_scale or 0) if scaled else 0,
            timestamps=self.tcb.offer_timestamps and self._stamps,
        )
        self._queue = [self._leaves(Segment(iss, ack, SYN | ACK))]
        return self._queue[0]

    # -- what it does by itself ----------------------------------------------------------------------------------------

    def opens(self) -> list[Segment]:
        """OPEN; there may be text on the SYN."""
        length = self._rng.choice((0, 0, 0, 5, 100))
        syn = Segment(self._iss, flags=SYN, window=self._rng.choice((1000, 29200, 65535)), length=length)
        self.tcb = calls.opened(self.tcb, replace(syn, options=self._offers()))
        self._queue = [replace(syn, payload=bytes(length), options=self._offers())]
        return list(self._queue)

    def acts(self) -> list[Segment]:
        """A call of its user, or a timer."""
        rng, tcb = self._rng, self.tcb
        room = tcb.snd_wnd - tcb.snd_nxt.ahead_of(tcb.snd_una)
        match rng.randrange(12):
            case 0 | 1 if tcb.state in SENDING and (room > 0 or tcb.snd_una == tcb.snd_nxt):
                return self._sends(ACK, min(max(room, 1), rng.choice((1, 30, 536, 1460))))  # 1: a probe of the window
            case 2 if tcb.state in SENDING or (tcb.state is State.SYN_RECEIVED and rng.random() < 0.3):
                return self._sends(ACK | FIN, 20 if tcb.state in SENDING and room > 20 and rng.random() < 0.3 else 0)
            case 3 if rng.random() < 0.1:
                return self._aborts()
            case 4:
                return self.acknowledges()
            case 5 if rng.random() < 0.3 and tcb.state in SENDING and tcb.snd_una == tcb.snd_nxt:
                length = rng.randrange(2)
                return [self._leaves(Segment(tcb.snd_nxt - 1, tcb.rcv_nxt, ACK, length=length, payload=bytes(length)))]
            case 6 if rng.random() < 0.3 and tcb.state in SYNCHRONIZED and not tcb.fin_received:
                return [self._leaves(Segment(tcb.snd_nxt, tcb.rcv_nxt, ACK))]  # a window update
            case _:
                return []

    def acknowledges(self) -> list[Segment]:
        """The acknowledgment that it still owes."""
        return [self._leaves(Segment(self.tcb.snd_nxt, self.tcb.rcv_nxt, ACK))] if self._owes else []

    def sends_again(self) -> list[Segment]:
        """The retransmission timer ran out: the oldest segment as it was, more than that, or a part of it."""
        if not self._queue:
            return []
        rng, tcb, oldest = self._rng, self.tcb, self._queue[0]
        if tcb.state is State.SYN_SENT:
            return [oldest if rng.random() < 0.5 else replace(oldest, length=0, payload=b"")]
        if calls.syn_unacked(tcb):
            return [self._leaves(Segment(oldest.seq, tcb.rcv_nxt, SYN | ACK))]
        last = self._queue[rng.randrange(len(self._queue))]
        first = oldest.seq + bool(oldest.flags & SYN)
        first = later(first, tcb.snd_una) if rng.random() < 0.3 else first
        fin = last.flags & FIN
        length = last.end.ahead_of(first) - bool(fin)
        unacked = max(1, tcb.snd_una.ahead_of(first) + 1)
        if unacked <= length and rng.random() < 0.3:
            length, fin = rng.randint(unacked, length), 0
        return [self._leaves(Segment(first, tcb.rcv_nxt, ACK | fin, length=length, payload=bytes(length)))]

    def _sends(self, flags: int, length: int) -> list[Segment]:
        segment = Segment(self.tcb.snd_nxt, self.tcb.rcv_nxt, flags, length=length, payload=bytes(length))
        after = self.tcb.sent_up_to(segment.end)
        self.tcb = calls.closed(after) if flags & FIN else after
        self._queue.append(self._leaves(segment))
        return self._queue[-1:]

    def _aborts(self) -> list[Segment]:
        tcb, out = self.tcb, []
        if tcb.state in calls.ABORTABLE | calls.GIVES_UP:
            told = self._rng.random() < 0.5 and bool(tcb.snd_nxt)  # a RST,ACK with the number 0 is of no connection
            out = [self._leaves(Segment(tcb.snd_nxt, tcb.rcv_nxt if told else Seq(0), RST | ACK if told else RST))]
        elif tcb.state is not State.SYN_SENT or not self._quits:
            return []
        self.tcb, self._queue, self._owes = tcb.gone(), [], False
        return out

    # -- how a segment leaves ------------------------------------------------------------------------------------------

    def _leaves(self, segment: Segment) -> Segment:
        """With window and options; it says how far everything came."""
        flags = segment.flags
        if flags & RST:
            return segment
        self._owes = False
        shift = 0 if flags & SYN else self.tcb.rcv_shift
        window = self._rng.choice(self._windows) if flags & SYN or self._rng.random() < 0.3 else self.tcb.rcv_wnd
        segment = replace(segment, window=min(65535, window >> shift), options=self._options(flags))
        self.tcb = self.tcb.with_window_from(segment)
        return segment

    def _options(self, flags: int) -> tuple[Option, ...]:
        if flags & SYN:
            agreed = self.tcb.offer_scale is not None, self.tcb.offer_timestamps
            return tuple(o for o in self._offers() if agreed[o.kind == TIMESTAMPS] and o.kind != MSS)
        return (self._stamp(),) if self.tcb.timestamps else ()

    def _offers(self) -> tuple[Option, ...]:
        scale = () if self._scale is None else (Option(WSCALE, bytes([self._scale])),)
        return (Option(MSS, b"\x05\xb4"), *scale, *((self._stamp(),) if self._stamps else ()))

    def _stamp(self) -> Option:
        self._clock = (self._clock + self._rng.choice((0, 0, 1, 5))) % SPACE
        return Option(TIMESTAMPS, self._clock.to_bytes(4, "big") + self._echo.to_bytes(4, "big"))
