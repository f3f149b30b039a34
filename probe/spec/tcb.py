"""One end's view of a connection: the send and receive variables of RFC 9293 section 3.3.1, frozen."""

from __future__ import annotations

from dataclasses import dataclass

from probe.spec.records import Hashed, quick, replace
from probe.spec.segment import SYN, Segment
from probe.spec.seq import Seq, later
from probe.spec.states import State

Held = tuple[Seq, Seq, bool]
"""Text kept out of order: first number, number after the text, whether a FIN follows it."""


@quick
@dataclass(frozen=True, slots=True)
class Tcb(Hashed):
    """The Transmission Control Block of one end, as far as the wire shows it.

    ``iss`` is None while this end's initial number has not been seen on the wire. ``passive`` says whether the
    connection came from LISTEN (MUST-11). ``listening`` says that the port has a listener, so that a CLOSED
    connection's next SYN meets LISTEN. ``rcv_wnd`` is in octets, scaled. ``fin_received`` says that the other end's
    FIN lies behind RCV.NXT. ``timestamps`` says that RFC 7323 timestamps were negotiated; ``ts_recent`` is TS.Recent.
    ``offer_scale`` is the shift.cnt and ``offer_timestamps`` the presence of the option on the SYN this end received
    or sent, kept until the other SYN decides what is in force. ``max_rcv_wnd`` is the largest window this end offered.
    ``close_waits``: the CLOSE of a FIN beyond this number may have come before the other end's FIN (section 3.10.4).
    ``reopened`` is the block in TIME-WAIT that a SYN reopened, until the new connection stands.
    """

    state: State
    passive: bool = True
    listening: bool = False
    iss: Seq | None = None
    snd_una: Seq = Seq(0)
    snd_nxt: Seq = Seq(0)
    snd_wnd: int = 0
    snd_wl1: Seq = Seq(0)
    snd_wl2: Seq = Seq(0)
    max_snd_wnd: int = 0
    snd_shift: int = 0
    irs: Seq = Seq(0)
    rcv_nxt: Seq = Seq(0)
    rcv_wnd: int = 0
    rcv_shift: int = 0
    held: tuple[Held, ...] = ()
    fin_received: bool = False
    close_waits: Seq | None = None
    timestamps: bool = False
    ts_recent: int = 0
    offer_scale: int | None = None
    offer_timestamps: bool = False
    max_rcv_wnd: int = 0
    reopened: Tcb | None = None

    @property
    def fin_acked(self) -> bool:
        """Whether everything this end sent, its FIN included, has been acknowledged."""
        return self.snd_una == self.snd_nxt

    def acceptable(self, segment: Segment) -> bool:
        """The acceptability test: RFC 9293 section 3.4 Table 5, four cases."""
        if segment.seg_len == 0:
            if self.rcv_wnd == 0:
                return segment.seq == self.rcv_nxt
            return segment.seq.within(self.rcv_nxt, self.rcv_wnd)
        last = segment.end - 1
        return segment.seq.within(self.rcv_nxt, self.rcv_wnd) or last.within(self.rcv_nxt, self.rcv_wnd)

    def gone(self) -> Tcb:
        """The block after the connection was deleted: CLOSED, the listener (if any) still there."""
        return Tcb(State.CLOSED, passive=self.passive, listening=self.listening)

    def back_to_listen(self) -> Tcb:
        """The block after a half-open connection from a passive OPEN was given up (RFC 9293 section 3.10.7.4)."""
        return Tcb(State.LISTEN, listening=True)

    def called(self, syn: Segment) -> Tcb:
        """SYN-RECEIVED after a SYN reached a listener (RFC 9293 section 3.10.7.2 third); the ISS is not known yet."""
        return Tcb(
            State.SYN_RECEIVED,
            listening=True,
            snd_wnd=syn.window,
            max_snd_wnd=syn.window,
            irs=syn.seq,
            rcv_nxt=syn.seq + 1,
            rcv_wnd=self.rcv_wnd,
            ts_recent=(syn.timestamps or (0, 0))[0],
            offer_scale=syn.window_scale,
            offer_timestamps=syn.timestamps is not None,
        )

    def synchronized_by(self, syn: Segment) -> Tcb:
        """RCV.NXT, IRS and the options in force, from the SYN that meets SYN-SENT (RFC 7323 sections 2.2, 3.2)."""
        scale, stamps = syn.window_scale, syn.timestamps
        scaled = scale is not None and self.offer_scale is not None
        return replace(
            self,
            irs=syn.seq,
            rcv_nxt=syn.seq + 1,
            snd_shift=(scale or 0) if scaled else 0,
            rcv_shift=(self.offer_scale or 0) if scaled else 0,
            timestamps=stamps is not None and self.offer_timestamps,
            ts_recent=stamps[0] if stamps else 0,
            snd_wnd=syn.window,
            snd_wl1=syn.seq,
            snd_wl2=syn.ack,
            max_snd_wnd=max(self.max_snd_wnd, syn.window),
        )

    def reset(self) -> tuple[Tcb, ...]:
        """What a valid RST may leave: LISTEN for a half-open passive open, CLOSED otherwise (MUST-11).

        A SYN that reopened TIME-WAIT "turns out to be an old duplicate" by it: TIME-WAIT again (MAY-2 condition 2).
        """
        if self.state is not State.SYN_RECEIVED or not self.passive:
            return (self.gone(),)
        return (self.back_to_listen(), *([self.reopened] if self.reopened else []))

    def with_window_from(self, segment: Segment) -> Tcb:
        """Receive window as this end advertises it in a segment it sends (never scaled on a SYN, RFC 7323 2.2)."""
        window = segment.window << (0 if segment.flags & SYN else self.rcv_shift)
        if window == self.rcv_wnd <= self.max_rcv_wnd:
            return self
        return replace(self, rcv_wnd=window, max_rcv_wnd=max(window, self.max_rcv_wnd))

    def advanced(self, to: Seq) -> Tcb:
        """RCV.NXT moved forward; the right edge of the window stays (RFC 9293 section 3.8.6)."""
        return replace(self, rcv_nxt=to, rcv_wnd=max(0, self.rcv_wnd - to.ahead_of(self.rcv_nxt)))

    def sent_up_to(self, end: Seq) -> Tcb:
        """SND.NXT after a segment ending at ``end`` was sent; a retransmission does not move it."""
        return replace(self, snd_nxt=later(self.snd_nxt, end))

    def taking_ack(self, segment: Segment) -> Tcb:
        """SND.UNA and the send window after an acceptable ACK field (RFC 9293 section 3.10.7.4, fifth step)."""
        una = segment.ack if self.snd_una < segment.ack <= self.snd_nxt else self.snd_una
        stamps, block = segment.timestamps, self
        if self.timestamps and stamps is not None and not Seq(stamps[0]) < Seq(self.ts_recent):
            block = replace(self, ts_recent=stamps[0])  # TS.Recent (RFC 7323 section 4.3)
        fresh = self.snd_wl1 < segment.seq or (self.snd_wl1 == segment.seq and self.snd_wl2 <= segment.ack)
        if not (fresh and self.snd_una <= segment.ack):
            return replace(block, snd_una=una)
        window = segment.window << (0 if segment.flags & SYN else self.snd_shift)
        return replace(
            block,
            snd_una=una,
            snd_wnd=window,
            snd_wl1=segment.seq,
            snd_wl2=segment.ack,
            max_snd_wnd=max(self.max_snd_wnd, window),
        )
