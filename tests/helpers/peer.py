"""The oracle plays the peer: a stack that takes the first permitted reaction, with an obedient application behind it.

A fault replaces one reaction (by row) or one emission (by call): then it is a stack with exactly one defect. It may
look at ``before`` (the block before the segment) and ``now``, change ``tcb``, and put segments off into ``later``.
The fault ``FORM`` changes what leaves last of all: header fields and options.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from probe.spec import calls
from probe.spec.arrives import arrives
from probe.spec.reaction import Reaction, Reply, permitted
from probe.spec.records import replace
from probe.spec.segment import (
    ACK,
    FIN,
    MSS,
    NOP,
    RST,
    SACK_PERMITTED,
    SYN,
    TIMESTAMPS,
    WSCALE,
    Option,
    Segment,
)
from probe.spec.seq import Seq
from probe.spec.states import State
from probe.spec.tcb import Tcb
from tests.helpers.sending import call_segment

Fault = Callable[["Peer", Segment, Reaction, list[Segment]], list[Segment]]
"""Gets the peer, the segment, the chosen reaction and the replies it would send; returns what is sent instead."""

LISTENING = Tcb(State.LISTEN, listening=True)


@dataclass
class Peer:
    """A conforming stack. ``choose`` picks among permitted reactions; ``delay_acks`` merges ACKs with what follows."""

    tcb: Tcb = LISTENING
    iss: Seq = Seq(0xFFFFFFF0)
    profile: str = "rfc9293"
    choose: Callable[[tuple[Reaction, ...]], Reaction] = lambda reactions: reactions[0]
    faults: dict[str, Fault] = field(default_factory=dict)
    window: int = 29200
    merges: bool = False
    delay_acks: float = 0.0
    speaks_http: bool = False
    rto: float = 0.2
    closes_on_eof: bool = True
    script: list[str] = field(default_factory=list)
    line: bytes = b""
    timer: float | None = None
    backoff: int = 0
    resume_at: float | None = None
    obeys: bool = True
    syn_rto: float = 1.0
    now: float = 0.0
    before: Tcb = LISTENING
    later: list[tuple[float, Segment]] = field(default_factory=list)
    offer: Segment | None = None
    echo: int = 0
    connections: int = 0
    offers: bool = True
    two_msl: float = 60.0
    r2: float = 110.0
    gone_at: float | None = None
    fixed: float | None = None
    room: int | None = None
    heeds_mss: bool = True
    got: int = 0
    changed: bool = False
    untold: Seq | None = None

    def arrives(self, segment: Segment, now: float) -> list[Segment]:
        """What the stack sends when a segment reaches it."""
        if segment.has(SYN) and self.tcb.iss is None:
            self.offer = segment
            self.connections += 1
        self.echo = (segment.timestamps or (self.echo, 0))[0]
        return [self._dressed(s) for s in self._react(segment, now)]

    def woken(self, now: float) -> list[Segment]:
        """A timer of the stack or of the application ran out."""
        return [self._dressed(s) for s in self._expire(now)]

    def _dressed(self, segment: Segment) -> Segment:
        """With the options it takes: what was offered, on a SYN,ACK; timestamps where they are in force."""
        if segment.flags & ACK and segment.ack == self.untold:
            self.untold = None
        if not self.offers:
            return segment
        stamp = Option(TIMESTAMPS, int(self.now * 1000).to_bytes(4, "big") + self.echo.to_bytes(4, "big"))
        options: tuple[Option, ...] = ()
        if segment.has(SYN | ACK) and self.offer is not None:
            options = (Option(MSS, (1460).to_bytes(2, "big")),)
            taken = {SACK_PERMITTED: Option(SACK_PERMITTED), WSCALE: Option(WSCALE, b"\x00"), TIMESTAMPS: stamp}
            options += tuple(option for kind, option in taken.items() if self.offer.option(kind) is not None)
        elif self.tcb.timestamps and not segment.flags & RST:
            options = (stamp,)
        size = sum(len(option.data) + 2 for option in options)
        segment = replace(segment, options=(*options, *[Option(NOP)] * (-size % 4)))
        form = self.faults.get("FORM")
        return segment if form is None else form(self, segment, None, [segment])[0]  # type: ignore[arg-type]

    def _react(self, segment: Segment, now: float) -> list[Segment]:
        self.now, self.before = now, self.tcb
        reaction = self.choose(permitted(arrives(self.tcb, segment), self.profile))
        before, self.tcb = self.tcb, self._with_window(reaction.next)
        out = [self._build(reaction.reply, segment)] if reaction.reply is not None else []
        if reaction.reply is not None and reaction.reply.flags & SYN and self.tcb.iss is None:
            self._bind(out[0])
        fault = self.faults.get(reaction.row)
        if fault is not None:
            due, right = self.tcb, out
            out = fault(self, segment, reaction, out)
            self.changed = self.changed or self.tcb != due or not self._harmless(reaction, right, out)
        more = self._application(before, segment, now)
        if reaction.reply is not None and reaction.reply.covers:
            out = self._put_off(out, more)
        self._held(now)
        if self.tcb.snd_una != before.snd_una:
            self.timer, self.backoff = (
                None,
                0,
            )  # new data was acknowledged: the timer starts anew (RFC 6298 section 5.3)
        self._arm(now)
        return out + more + (self._react(reaction.rest, now) if reaction.rest is not None else [])

    def _harmless(self, reaction: Reaction, right: list[Segment], out: list[Segment]) -> bool:
        """Whether only a reply that decides nothing differs.

        A first SYN,ACK decides, what acknowledges text or a FIN, and the RST that refuses a SYN; of what is sent
        beside what is due all but an empty ACK, and a RST where there is no connection.
        """
        reply = reaction.reply
        decides = reply is not None and (reply.flags & SYN or reaction.rule == "closed.syn-refused")
        if decides and out != right:
            return reply is not None and bool(out) and reply.refuses_as(out[0])
        if reply is not None and reply.covers and right[0] not in out:
            self.untold = reply.ack
            if not out:
                return False
        nobody = self.tcb.state in (State.CLOSED, State.LISTEN)
        block = self.before if nobody else self.tcb
        told = (self.before.rcv_nxt, block.rcv_nxt)
        current = [s for s in out if s.flags == ACK and not s.length and s.seq == block.snd_nxt and s.ack in told]
        return all(s in right or s in current or (s.flags & RST and nobody) for s in out)

    def _put_off(self, acks: list[Segment], more: list[Segment]) -> list[Segment]:
        """Acknowledgments ride on what follows at once, or wait for the timer of delayed ACKs (MUST-40)."""
        if self.merges and more:
            return []
        if self.delay_acks and not more and not self.later:  # every second segment is acknowledged at once (SHLD-19)
            self.later += [(self.now + self.delay_acks, ack) for ack in acks]
            return []
        return acks

    def _held(self, now: float) -> None:
        """TIME-WAIT lasts 2MSL from the last segment that came; LAST-ACK as long as R2 lets the FIN be sent."""
        if self.tcb.state is State.TIME_WAIT:
            self.gone_at = self.fixed or now + self.two_msl
        elif self.tcb.state is State.LAST_ACK:
            self.gone_at = self.gone_at or now + self.r2
        else:
            self.gone_at = None

    def _expire(self, now: float) -> list[Segment]:
        self.now = now
        if self.gone_at is not None and now >= self.gone_at:
            self.tcb, self.gone_at = LISTENING, None
        out = [self._current(segment) for due, segment in self.later if due <= now]
        self.later = [(due, segment) for due, segment in self.later if due > now]
        if self.resume_at is not None and now >= self.resume_at:
            self.resume_at = None
            out += self._run(now)
        if self.timer is not None and now >= self.timer:
            self.backoff += 1
            again = call_segment(self.tcb, calls.RETRANSMIT)
            out += self._emit("RETRANSMIT", [] if again is None else [self._cut(again)])
            self.timer = None
        self._arm(now)
        return out

    def _cut(self, segment: Segment) -> Segment:
        """What one segment may carry of all that is to be sent again."""
        most = self._most()
        if segment.length <= most:
            return segment
        return replace(segment, length=most, payload=segment.payload[:most], flags=segment.flags & ~FIN)

    def _current(self, segment: Segment) -> Segment:
        """A delayed segment as it would be sent now: an empty ACK carries the newest numbers."""
        if not self.delay_acks or segment.flags != ACK or self.tcb.iss is None:
            return segment
        return replace(segment, seq=self.tcb.snd_nxt, ack=self.tcb.rcv_nxt)

    @property
    def wakes_at(self) -> float | None:
        """The next time ``woken`` is to be called."""
        times = [
            t for t in (self.timer, self.resume_at, self.gone_at, *(due for due, _ in self.later)) if t is not None
        ]
        return min(times, default=None)

    def call(self, name: str, length: int = 0) -> list[Segment]:
        """CLOSE, SEND or ABORT of the user."""
        self.before = self.tcb
        segment = call_segment(self.tcb, name, length)
        if segment is None:
            return []
        for emission in calls.emitted(self.tcb, segment):
            self.tcb = emission.next
        return self._emit(name, [segment])

    def opens(self, now: float, line: bytes = b"") -> list[Segment]:
        """OPEN of the user: the SYN, from a port where nothing listens; ``line`` is what `probe target` was told."""
        verbs = line.decode().split()
        if "stop-reading" in line.decode():
            self.room, self.closes_on_eof = int(verbs[verbs.index("room") + 1].rstrip(";")), False
        self.now, self.before = now, Tcb(State.CLOSED)
        syn = Segment(self.iss, flags=SYN, window=self.window if self.room is None else self.room)
        self.tcb = calls.opened(self.before, syn)
        out = self._emit("OPEN", [syn])
        self._arm(now)
        return out

    def _emit(self, name: str, segments: list[Segment]) -> list[Segment]:
        fault = self.faults.get(name)
        if fault is None or not segments:
            return segments
        self.changed = True
        return fault(self, segments[0], None, segments)  # type: ignore[arg-type]  # no reaction asked for it

    def _with_window(self, tcb: Tcb) -> Tcb:
        return replace(tcb, rcv_wnd=self._told(tcb)) if tcb.state is not State.CLOSED else tcb

    def _told(self, tcb: Tcb) -> int:
        """The window; where nothing is ever read, what is left of the buffer."""
        text = tcb.rcv_nxt - (tcb.irs + 1) - tcb.fin_received
        return self.window if self.room is None else max(0, self.room - max(0, text))

    def _bind(self, segment: Segment) -> None:
        if self.tcb.state is State.SYN_RECEIVED:
            self.tcb = replace(
                self.tcb,
                iss=segment.seq,
                snd_una=segment.seq,
                snd_nxt=segment.seq + 1,
                timestamps=self.tcb.offer_timestamps,
                snd_shift=self.tcb.offer_scale or 0,
            )

    def _build(self, reply: Reply, segment: Segment) -> Segment:
        if reply.covers:
            return Segment(self.tcb.snd_nxt, self.tcb.rcv_nxt, ACK, self._told(self.tcb))
        seq = reply.seqs[0] if reply.seqs else self._fresh_iss(reply)
        low = reply.ack if reply.ack_from is None else reply.ack_from
        ack = low if reply.flags & ACK and low is not None else Seq(0)
        return Segment(seq, ack, reply.flags, 0 if reply.flags & RST else self._told(self.tcb))

    def _fresh_iss(self, reply: Reply) -> Seq:
        iss = self.iss if reply.above is None else reply.above + 70_000
        self.iss = self.iss + 64_000
        return iss

    def _arm(self, now: float) -> None:
        pending = call_segment(self.tcb, calls.RETRANSMIT)
        if pending is None:
            self.timer, self.backoff = None, 0
        elif self.timer is None:
            first = self.syn_rto if pending.flags & SYN else self.rto
            self.timer = now + first * 2**self.backoff

    # -- the application -------------------------------------------------------------------------------------------

    def _application(self, before: Tcb, segment: Segment, now: float) -> list[Segment]:
        if self.tcb.state in (State.CLOSED, State.LISTEN):
            self.script, self.line, self.resume_at = [], b"", None
            return []
        taken = self.tcb.rcv_nxt != before.rcv_nxt and segment.payload
        out: list[Segment] = []
        if taken and self.obeys and self.script[:1] == ["close-unread"]:
            self.script = ["abort"]  # text is left unread (RFC 9293 section 3.6.1, SHLD-3)
        elif taken and self.obeys:
            self.line += segment.payload
            self.got += segment.length if self.script else 0
            if self.speaks_http and self.line.endswith(b"\r\n\r\n"):
                self.script, self.line = ["send 120", "close"], b""
            if self.line.startswith(b"PROBE ") and self.line.endswith(b"\n"):
                self.script = [verb.strip() for verb in self.line[6:].decode().split(";")]
                self.line = b""
        return out + self._run(now)

    def _run(self, now: float) -> list[Segment]:
        out: list[Segment] = []
        while self.script and self.resume_at is None:
            verb, *words = self.script[0].split()
            if verb in {"hold", "close-unread"} or (verb == "eof" and not self.tcb.fin_received):
                return out
            if verb == "read" and self.got < int(words[0]):
                return out
            self.script.pop(0)
            out += self._verb(verb, words, now)
        if self.tcb.state is State.CLOSE_WAIT and self.closes_on_eof and not self.script and self.resume_at is None:
            out += self.call(calls.CLOSE)
        return out

    def _most(self) -> int:
        """What a segment may carry: the MSS of the other end, or the default, less the options (RFC 9293 3.7.1)."""
        told = self.offer.option(MSS) if self.offer is not None else None
        limit = int.from_bytes(told.data, "big") if told is not None else 536
        return limit - 12 * self.tcb.timestamps if self.heeds_mss else 1460

    def _verb(self, verb: str, words: list[str], now: float) -> list[Segment]:
        if verb == "wait":
            self.resume_at = now + int(words[0]) / 1000
        if verb == "hold":
            self.closes_on_eof = False
        if verb in ("close", "half-close"):
            return self.call(calls.CLOSE)
        if verb == "send":
            count, most = int(words[0]), self._most()
            sizes = [min(most, count - start) for start in range(0, count, most)]
            return [segment for size in sizes for segment in self.call(calls.SEND, size)]
        if verb == "abort":
            return self.call(calls.ABORT)
        return []


def closed_port() -> Peer:
    """A peer whose port has no listener."""
    return Peer(Tcb(State.CLOSED))
