"""One connection of a model stack: the oracle chooses what it does, timers and an application bring it to life.

The first permitted reaction is taken (``Traits.choose`` may take another), and everything that RFC 9293 leaves to
timers and users is here: retransmission (RFC 6298), delayed acknowledgments, TIME-WAIT, the calls of an application.
Time is an argument; nothing here knows a socket.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.reaction import Reaction, Reply, permitted
from probe.spec.segment import ACK, FIN, MSS, NOP, PSH, RST, SYN, TIMESTAMPS, WSCALE, Option, Segment
from probe.spec.seq import Seq
from probe.spec.states import SENDING, State
from probe.spec.tcb import Tcb
from tests.helpers.sending import call_segment
from tests.zoo.traits import Traits

_DEFAULT_MSS = 536
_GONE = (State.CLOSED, State.LISTEN)
_UNACCEPTABLE = {"F1", "F4", "F5", "F6", "F8", "F9", "R2", "R4", "R8", "T12"}
"""Rows whose answer is an ACK that moves nothing: what RFC 5961 section 7 lets a stack limit."""


class Application:
    """What sits on a connection; it is told what comes and answers by calls on the connection."""

    def begins(self, connection: Connection, now: float) -> None:
        """The connection is established."""

    def reads(self, connection: Connection, data: bytes, now: float) -> None:
        """Text came, in order."""

    def end_of_file(self, connection: Connection, now: float) -> None:
        """The other end's FIN came, after all its text."""

    def wakes(self, connection: Connection, now: float) -> None:
        """The time it asked for by ``connection.alarm`` has come."""


@dataclass
class Limit:
    """When an unacceptable segment was answered last: of one connection, or of the whole host."""

    answered: float = -math.inf


@dataclass
class Connection:
    """``out`` collects what is to be sent; the host takes it. ``alarm`` is when the application wants to be woken.

    ``met`` is the segment that came last, ``repetition`` how often the oldest unacknowledged one was sent again.
    """

    tcb: Tcb
    traits: Traits
    application: Application
    isn: Callable[[], Seq]
    limit: Limit
    met: Segment | None = None
    repetition: int = 0
    reading: bool = True
    out: list[Segment] = field(default_factory=list)
    alarm: float | None = None
    room: int | None = None
    offer: Segment | None = None
    established: bool = False
    before: Tcb = field(default_factory=lambda: Tcb(State.CLOSED))
    now: float = 0.0
    _queue: bytearray = field(default_factory=bytearray)
    _unacked: bytearray = field(default_factory=bytearray)
    _pieces: list[tuple[Seq, bytes]] = field(default_factory=list)
    _close_after: bool = False
    _timer: float | None = None
    _ack_at: float | None = None
    _later: list[tuple[float, Segment]] = field(default_factory=list)
    _gone_at: float | None = None
    _echo: int = 0
    _probe_at: float | None = None
    _opens_at: float | None = None
    _eof_told: bool = False

    # -- segments ------------------------------------------------------------------------------------------------------

    def arrives(self, segment: Segment, now: float) -> None:
        """A segment reaches this end."""
        self.now, self.before = now, self.tcb
        self._probe_at = None  # it is idle from now on at the earliest (RFC 9293 section 3.8.4)
        self.met = segment = self.traits.reads(self, segment)
        if segment.has(SYN) and (self.tcb.iss is None or self.tcb.state in _GONE):
            self.offer = segment
            if self.traits.opens_after:
                self._opens_at = now + self.traits.opens_after
        if segment.timestamps is not None:
            self._echo = segment.timestamps[0]
        meddled = self.traits.meets(self, segment) if self.traits.meets is not None else None
        if meddled is not None:
            self._emit(meddled)
            self._settle_timers()
            return
        reaction = self.traits.choose(self, segment, permitted(arrives(self.tcb, segment), self.traits.profile))
        self._take(segment, reaction)

    def _take(self, segment: Segment, reaction: Reaction) -> None:
        after = reaction.next
        if after.state not in _GONE:
            after = replace(after, rcv_wnd=self._window(after))
        self.tcb = after
        reply = reaction.reply
        built = [] if reply is None else [self._acknowledgment() if reply.covers else self._built(reply)]
        if reply is not None and reply.flags & SYN and self.tcb.iss is None:
            self._bind(built[0])
        due = self.tcb
        sent = [] if self._limited(reaction) else self.traits.reply(self, segment, reaction, built)
        # As due it may wait and ride (MUST-40); what a fault made of it, or of the block, leaves as it is.
        owed = reply is not None and reply.covers and (sent, self.tcb) == (built, due)
        if not owed:
            self._emit(sent)
        self._deliver(segment)
        self._acknowledged(segment)
        if owed:
            self._owe(segment)
        self._settle_timers()

    def _limited(self, reaction: Reaction) -> bool:
        """Whether this answer is left out: the stack is silent to what it does not accept, or limits how often."""
        if reaction.row not in _UNACCEPTABLE or reaction.reply is None or reaction.reply.flags != ACK:
            return False
        if self.traits.silent_unacceptable:
            return True
        if self.now - self.limit.answered < self.traits.answer_gap:
            return True
        self.limit.answered = self.now
        return False

    def _built(self, reply: Reply) -> Segment:
        seq = reply.seqs[0] if reply.seqs else self._fresh(reply)
        low = reply.ack if reply.ack_from is None else reply.ack_from
        flags = reply.flags
        if flags == RST and not seq and self.met is not None and not self.met.flags & ACK:
            flags, low = RST | ACK, self.met.end  # RFC 9293 section 3.5.2 group 1
        ack = low if flags & ACK and low is not None else Seq(0)
        return Segment(seq, ack, flags, 0 if reply.flags & RST else self._told())

    def _fresh(self, reply: Reply) -> Seq:
        return self.isn() if reply.above is None else reply.above + 70_000

    def _bind(self, segment: Segment) -> None:
        self.tcb = replace(
            self.tcb,
            iss=segment.seq,
            snd_una=segment.seq,
            snd_nxt=segment.seq + 1,
            timestamps=self.tcb.offer_timestamps and self.traits.timestamps,
            snd_shift=self.tcb.offer_scale or 0 if self.traits.scale is not None else 0,
            rcv_shift=self.traits.scale or 0 if self.tcb.offer_scale is not None else 0,
        )
        self.established = self._eof_told = False

    # -- text ----------------------------------------------------------------------------------------------------------

    def _deliver(self, segment: Segment) -> None:
        """Hand the application what has come in order since the block ``before``."""
        if not self.established and self.tcb.state not in (*_GONE, State.SYN_SENT, State.SYN_RECEIVED):
            self.established = True
            self.application.begins(self, self.now)
        if segment.payload:
            self._pieces.append((segment.seq + bool(segment.flags & SYN), segment.payload))
        if not self.established or self.tcb.state in _GONE:
            return
        known = self.before.state not in (*_GONE, State.SYN_SENT)
        data = self._in_order(self.before.rcv_nxt if known else self.tcb.irs + 1)
        if data:
            self.application.reads(self, data, self.now)
        if self.tcb.fin_received and not self._eof_told:
            self._eof_told = True
            self.application.end_of_file(self, self.now)

    def _in_order(self, start: Seq) -> bytes:
        """The text from ``start`` up to RCV.NXT, out of what came in whatever order."""
        end = self.tcb.rcv_nxt - self.tcb.fin_received
        data = bytearray()
        at = start
        while at < end:
            piece = next((p for p in self._pieces if p[0] <= at < p[0] + len(p[1])), None)
            if piece is None:
                break
            offset = at - piece[0]
            data += piece[1][offset : offset + (end - at)]
            at = start + len(data)
        self._pieces = [p for p in self._pieces if p[0] + len(p[1]) > end]
        return bytes(data)

    def _owe(self, segment: Segment) -> None:
        """The acknowledgment of accepted text or FIN: at once, delayed (MUST-40), or on text that goes out anyway."""
        if self.tcb.state in _GONE:
            return  # the application has aborted meanwhile
        leaving = (*self.out, *(s for _, s in self._later))
        rides = any(s.flags & ACK and s.ack == self.tcb.rcv_nxt and not s.flags & (SYN | RST) for s in leaving)
        if rides and not self.traits.ack_first:
            return
        ack = self._acknowledgment()
        delayed = self.traits.delayed_ack and not segment.flags & FIN and self._ack_at is None
        if delayed:
            self._ack_at = self.now + self.traits.delayed_ack
        elif self.traits.ack_first and self.out:
            text, self.out = self.out, []
            self._emit([replace(ack, seq=text[0].seq)])
            self._later += [(self.now + 0.0001, s) for s in text]
        else:
            self._ack_at = None
            self._emit([ack])

    def _acknowledgment(self) -> Segment:
        return Segment(self.tcb.snd_nxt, self.tcb.rcv_nxt, ACK, self._told())

    # -- calls of the application --------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """SEND: queued, and sent as far as window and MSS let it."""
        self._queue += data
        self._push()

    def close(self) -> None:
        """CLOSE: a FIN behind all that is queued."""
        self._close_after = True
        self._push()

    def abort(self) -> None:
        """ABORT: a RST, whatever is queued is lost (RFC 9293 section 3.10.5)."""
        segment = call_segment(self.tcb, calls.ABORT)
        self.tcb = self.tcb.gone()
        self._queue.clear()
        if segment is not None:
            self._emit([segment])

    def opens(self, now: float) -> None:
        """Active OPEN: the SYN."""
        self.now = now
        syn = Segment(self.isn(), flags=SYN, window=min(65535, self.room or self.traits.window))
        syn = replace(syn, options=self._options(syn))
        self.tcb = calls.opened(replace(self.tcb, state=State.CLOSED), syn)
        self._emit([syn])
        self._settle_timers()

    def _push(self) -> None:
        if self.tcb.state not in SENDING:
            return
        most = self._most()
        while self._queue:
            space = max(self.tcb.snd_wnd, 0) - (self.tcb.snd_nxt - self.tcb.snd_una)
            size = min(len(self._queue), most, space)
            if size <= 0:
                break
            data = bytes(self._queue[:size])
            del self._queue[:size]
            self._unacked += data
            last = self.traits.fin_with_text and self._close_after and not self._queue
            flags = ACK | PSH | (FIN if last else 0)
            segment = Segment(self.tcb.snd_nxt, self.tcb.rcv_nxt, flags, self._told(), size, data)
            self.tcb = self.tcb.sent_up_to(segment.end)
            if last:
                self._close_after, self.tcb = False, calls.closed(self.tcb)
            self._emit([segment])
        if self._close_after and not self._queue and self.tcb.state in SENDING:
            self._close_after = False
            if self.traits.resets_instead_of_fin:
                self.abort()
                return
            segment = Segment(self.tcb.snd_nxt, self.tcb.rcv_nxt, FIN | ACK, self._told())
            self.tcb = calls.closed(self.tcb.sent_up_to(segment.end))
            self._emit([segment])
        self._settle_timers()

    def _acknowledged(self, segment: Segment) -> None:
        """What is acknowledged leaves the retransmission queue; what waited for room goes out."""
        if self.tcb.iss is None or self.before.iss is None or self.tcb.iss != self.before.iss:
            return
        moved = self.tcb.snd_una - self.before.snd_una
        if moved > 0:
            of_text = moved - (1 if self.before.snd_una == self.before.iss else 0)
            del self._unacked[: max(0, of_text)]
            self._timer, self.repetition = None, 0
        self._push()

    # -- timers --------------------------------------------------------------------------------------------------------

    @property
    def wakes_at(self) -> float | None:
        """The next time ``woken`` is to be called."""
        timers = [self._timer, self._ack_at, self._gone_at, self._probe_at, self._opens_at, self.alarm]
        times = [*timers, *(due for due, _ in self._later)]
        return min((t for t in times if t is not None), default=None)

    def woken(self, now: float) -> None:
        """Whatever timer has run out by ``now``."""
        self.now, self.before = now, self.tcb
        due = [s for t, s in self._later if t <= now]
        self._later = [(t, s) for t, s in self._later if t > now]
        self.out += due
        if self._gone_at is not None and now >= self._gone_at:
            self.tcb, self._gone_at = self.tcb.gone(), None
        if self._ack_at is not None and now >= self._ack_at:
            self._ack_at = None
            if self.tcb.state not in _GONE:
                self._emit([self._acknowledgment()])
        if self._timer is not None and now >= self._timer:
            self._timer = None
            self.repetition += 1
            again = self._oldest()
            if again is not None:
                self._emit([again])
        if self._probe_at is not None and now >= self._probe_at:
            self._probe_at = None
            if self.tcb.snd_nxt == self.tcb.snd_una and self.tcb.state is State.ESTABLISHED:
                self._emit([Segment(self.tcb.snd_nxt - 1, self.tcb.rcv_nxt, ACK, self._told())])
        if self._opens_at is not None and now >= self._opens_at:
            self._opens_at = None
            self.tcb = replace(self.tcb, rcv_wnd=self._window(self.tcb))
            if self.established:
                self._emit([self._acknowledgment()])
        if self.alarm is not None and now >= self.alarm:
            self.alarm = None
            self.application.wakes(self, now)
        self._settle_timers()

    def _oldest(self) -> Segment | None:
        """The front of the retransmission queue, as much as one segment carries."""
        again = call_segment(self.tcb, calls.RETRANSMIT)
        if again is None or again.flags & SYN:
            return None if again is None else replace(again, window=self._told())
        most = self._most()
        length = min(again.length, most)
        flags = again.flags if length == again.length else again.flags & ~FIN
        return replace(again, flags=flags, length=length, payload=bytes(self._unacked[:length]), window=self._told())

    def _settle_timers(self) -> None:
        pending = call_segment(self.tcb, calls.RETRANSMIT)
        if pending is None:
            self._timer, self.repetition = None, 0
        elif self._timer is None:
            gap = self.traits.gap(pending, self.repetition)
            self._timer = None if gap is None else self.now + gap
        if self.tcb.state is State.TIME_WAIT:
            if self.before.state is not State.TIME_WAIT or self.out:
                self._gone_at = self.now + self.traits.two_msl
        elif self.tcb.state is State.LAST_ACK:
            self._gone_at = self._gone_at or self.now + self.traits.r2
        else:
            self._gone_at = None
        if self.tcb.state is State.ESTABLISHED and self.traits.keepalive:
            self._probe_at = self._probe_at or self.now + self.traits.keepalive
        else:
            self._probe_at = None

    # -- form ----------------------------------------------------------------------------------------------------------

    def _emit(self, segments: list[Segment]) -> None:
        for segment in segments:
            dressed = segment if segment.options else replace(segment, options=self._options(segment))
            for after, leaving in self.traits.leaves(self, dressed):
                if after:
                    self._later.append((self.now + after, leaving))
                else:
                    self.out.append(leaving)

    def _options(self, segment: Segment) -> tuple[Option, ...]:
        """MSS on a SYN, with what was offered or is offered; timestamps where they are in force (RFC 7323)."""
        clock = (int(self.now * 1000) & 0xFFFFFFFF).to_bytes(4, "big")
        stamp = Option(TIMESTAMPS, clock + self._echo.to_bytes(4, "big"))
        options: tuple[Option, ...] = ()
        asked = self.offer
        if segment.flags & SYN:
            mine = {WSCALE: Option(WSCALE, bytes([self.traits.scale or 0])), TIMESTAMPS: stamp}
            can = {WSCALE: self.traits.scale is not None, TIMESTAMPS: self.traits.timestamps}
            active = not segment.flags & ACK
            options = (Option(MSS, self.traits.mss.to_bytes(2, "big")),)
            offered = {kind for kind in mine if active or (asked is not None and asked.option(kind) is not None)}
            wanted = offered | self.traits.unasked
            options += tuple(option for kind, option in mine.items() if can[kind] and kind in wanted)
        elif self.tcb.timestamps and not segment.flags & RST:
            options = (stamp,)
        size = sum(option.size for option in options)
        return (*options, *[Option(NOP)] * (-size % 4))

    def _most(self) -> int:
        """What a segment may carry: the MSS of the other end, or the default, less the options (RFC 9293 3.7.1)."""
        told = self.offer.option(MSS) if self.offer is not None else None
        limit = int.from_bytes(told.data, "big") if told is not None else _DEFAULT_MSS
        return max(1, min(limit, self.traits.largest) - 12 * self.tcb.timestamps)

    def _window(self, tcb: Tcb) -> int:
        if self._opens_at is not None:
            return 0
        if self.room is None:
            return self.traits.window
        taken = tcb.rcv_nxt - (tcb.irs + 1) - tcb.fin_received
        return max(0, self.room - max(0, taken)) if not self.reading else self.room

    def _told(self) -> int:
        return min(65535, self.tcb.rcv_wnd >> self.tcb.rcv_shift)
