"""A captured connection as a script: every segment of the client, and what the peer had said before it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq, later

_LONGEST_WAIT = 60.0
"""Seconds. A peer that took longer in the capture (a person at a keyboard) is not waited for any longer than this."""


class ScriptError(ValueError):
    """The captured connection cannot be played again; the text is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Said:
    """How far the peer has come, in distances: ``text`` octets of its own, ``acked`` numbers of the client's.

    The SYN of an end is number 0, so that its text starts at 1.
    """

    syn: bool = False
    text: int = 0
    fin: bool = False
    rst: bool = False
    acked: int = 0

    def after(self, segment: Segment, peer: Seq | None, client: Seq) -> Said:
        """One more segment of the peer; ``peer`` and ``client`` are the ISNs."""
        acked = max(self.acked, segment.ack - client) if segment.flags & ACK else self.acked
        if segment.flags & RST:
            return replace(self, rst=True, acked=acked)
        start = segment.seq + bool(segment.flags & SYN)
        tells = peer is not None and bool(segment.length or segment.flags & FIN)
        text = max(self.text, start + segment.length - (peer + 1)) if tells and peer is not None else self.text
        syn, fin = self.syn or bool(segment.flags & SYN), self.fin or bool(segment.flags & FIN)
        return Said(syn, text, fin, self.rst, acked)

    @property
    def end(self) -> int:
        """The number after all it said."""
        return 1 + self.text + self.fin


@dataclass(frozen=True, slots=True)
class Heard:
    """A segment of the peer: its step in the capture (from 1), and how far it brought the peer."""

    step: int
    packet: Packet
    said: Said


@dataclass(frozen=True, slots=True)
class Turn:
    """One segment of the client (None: the capture ends) and what is to be waited for before it.

    ``needs`` is what the peer had said, ``heard`` the segments since the client's last one; ``answered`` where these
    brought nothing new, so that only their coming can be waited for. ``slow`` is how many seconds the peer took for
    them, ``pause`` those since the client's last segment. ``again``: a timer of the client sent it, for want of an ACK.
    """

    step: int
    packet: Packet | None
    needs: Said
    heard: tuple[Heard, ...]
    answered: bool
    slow: float
    pause: float
    again: bool


@dataclass(frozen=True, slots=True)
class Script:
    """The whole connection. ``end`` is all that the peer said in it, ``hole`` where client's text was not captured."""

    packets: tuple[Packet, ...]
    turns: tuple[Turn, ...]
    client: Seq
    peer: Seq | None
    end: Said
    hole: int | None

    @property
    def syn(self) -> Segment:
        """The client's SYN."""
        return self.packets[0].segment

    @property
    def syn_ack(self) -> Segment | None:
        """The peer's SYN, where it was captured."""
        return next((p.segment for p in self.packets if not p.from_client and p.segment.flags & SYN), None)

    def text(self, packet: Packet) -> str:
        """A captured segment with numbers relative to the captured ISNs."""
        own, other = (self.client, self.peer) if packet.from_client else (self.peer, self.client)
        # The 0 of a RST,ACK for no connection stays: RFC 9293 section 3.10.7.1.
        absolute = packet.segment.has(RST | ACK) and packet.segment.seq == 0
        return packet.segment.text(None if absolute else own, other)


def script(packets: Sequence[Packet]) -> Script:
    """The script of one connection; ScriptError where its beginning is not in the capture."""
    first = packets[0] if packets else None
    if first is None or not first.from_client or first.segment.flags & (SYN | ACK | RST) != SYN:
        raise ScriptError("the client's SYN was not captured, so there is nothing to open it with")
    client = first.segment.seq
    # The peer's ISN from its SYN; without one, from the first number known of it.
    opening = [p.segment.seq for p in packets if not p.from_client and p.segment.flags & SYN]
    said = [p.segment.seq - 1 for p in packets if not p.from_client and not p.segment.flags & RST]
    heard = [p.segment.ack - 1 for p in packets if p.from_client and p.segment.flags & (ACK | RST) == ACK]
    peer = next(iter((*opening, *said, *heard)), None)
    end = Said()
    for packet in packets:
        end = end if packet.from_client else end.after(packet.segment, peer, client)
    build = _Builder(client, peer, end)
    for step, packet in enumerate(packets, 1):
        build.add(step, packet)
    build.append(len(packets) + 1, None, build.said)  # the capture ends: the rest of what the peer said
    return Script(tuple(packets), tuple(build.turns), client, peer, end, build.hole)


class _Builder:
    """Walks the capture once; ``nxt`` is the client's SND.NXT."""

    def __init__(self, client: Seq, peer: Seq | None, end: Said) -> None:
        self.client, self.peer, self.end = client, peer, end
        self.turns: list[Turn] = []
        self.nxt = client
        self.hole: int | None = None
        self.said = self.before = Said()
        self.heard: list[Heard] = []
        self.last = 0.0

    def add(self, step: int, packet: Packet) -> None:
        segment = packet.segment
        if packet.from_client:
            self.append(step, packet, self._needs(segment))
            if segment.seq == self.nxt or (segment.seq < self.nxt < segment.end):
                self.nxt = later(self.nxt, segment.end)
            elif segment.length and segment.seq - self.nxt > 0 and self.hole is None:
                self.hole = self.nxt - self.client
            self.last = packet.time
            return
        self.said = self.said.after(segment, self.peer, self.client)
        # What was acknowledged and is not in the capture cannot be sent, nor its acknowledgment be waited for.
        self.said = replace(self.said, acked=min(self.said.acked, self.nxt - self.client))
        self.heard.append(Heard(step, packet, self.said))

    def append(self, step: int, packet: Packet | None, needs: Said) -> None:
        slow = self.heard[-1].packet.time - self.last if self.heard else 0.0
        again = False
        if packet is not None and not packet.segment.flags & RST:  # sent before, and not acknowledged since
            segment = packet.segment
            old = bool(segment.seg_len) and segment.end <= self.nxt
            again = old and segment.seq - self.client >= self.said.acked
        self.turns.append(
            Turn(
                step,
                packet,
                needs,
                tuple(self.heard),
                answered=bool(self.heard) and self.said == self.before,
                slow=min(max(0.0, slow), _LONGEST_WAIT),
                pause=min(max(0.0, packet.time - self.last), _LONGEST_WAIT) if packet and self.turns else 0.0,
                again=again,
            )
        )
        self.before, self.heard = self.said, []

    def _needs(self, segment: Segment) -> Said:
        """What was said; more where the client acknowledges what comes later in the capture, or is missing there."""
        said, peer = self.said, self.peer
        if peer is None or segment.flags & (ACK | RST) != ACK:
            return said
        acked = segment.ack - peer
        if not said.end < acked <= self.end.end and (said.syn or not 0 < acked <= self.end.end):
            return said
        fin = said.fin or (self.end.fin and acked == self.end.end)
        return replace(said, syn=True, text=max(said.text, min(acked - 1, self.end.text)), fin=fin)
