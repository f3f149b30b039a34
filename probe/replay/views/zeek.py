"""Zeek's ``conn_state`` and ``history`` of a connection, so that users can compare with their conn.log.

Both follow the table that Zeek publishes with its Conn::Info record, read as Zeek's TCP analyzer fills it. The
originator is the client. Known differences, all because a capture file is judged and not a stream in time:

- Zeek forgets a connection some seconds after its close, its reset or an unanswered SYN, and logs what follows as
  another one; here all packets given are one connection.
- ``^`` is written where the first segment is the server's. Zeek turns the roles round for such a start only where the
  ports make it likely, or where the SYN comes right after its SYN,ACK.
- ``c`` is written only where the checksum is known to be wrong; offload and short captures are no fault. As in Zeek
  the segment then counts for nothing else. ``x`` (limits of Zeek's analyzers) never comes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from probe.replay.views.zeek_ends import OPENING, SILENT, End, State, begin, octets, step
from probe.results.connection import Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Segment

_TOO_FAR = 1 << 20
"""Octets that the number of a SYN or RST may jump and still be believed."""
_RSTOS0 = re.compile(r"\^?S[^HAFGIQ]*R")
_SCALE = 10


@dataclass(frozen=True, slots=True)
class Zeek:
    """What Zeek's conn.log would say."""

    conn_state: str
    history: str


def zeek(packets: Sequence[Packet]) -> Zeek:
    """Both columns in one walk; O(n) for records in order, O(n log n) at worst."""
    walk = _Walk()
    for packet in packets:
        walk.take(packet.segment, client=packet.from_client)
    return Zeek(walk.conn_state(), "".join(walk.history))


def conn_state(packets: Sequence[Packet]) -> str:
    """S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR or OTH.

    S0: a SYN without answer. REJ: a SYN answered by a RST. S1: established, no end closed. SF: both closed by FIN;
    S2, S3: only the originator, only the responder. RSTO, RSTR: they reset it. RSTOS0: SYN, then RST, nothing that
    established it. SH: SYN, then FIN, no SYN,ACK. RSTRH, SHR: the responder's SYN,ACK without the SYN, then its RST or
    FIN. OTH: the rest, above all what starts in mid-connection.
    """
    return zeek(packets).conn_state


def history(packets: Sequence[Packet]) -> str:
    """A letter for each kind of event in the order of the packets, upper case for the originator.

    s SYN, h SYN,ACK, f FIN, r RST: again only with another number than the last one of the kind. a pure ACK, d payload
    (without SYN, FIN, RST), i FIN with RST, q SYN with FIN or RST: once for each end. c wrong checksum, g octets that
    were acknowledged and never seen (case of who sent them, only while both ends are established or closed by FIN),
    t payload that brings no new number, w window 0 (not after the peer's FIN): at the 1st, 10th, 100th... time.
    """
    return zeek(packets).history


class _Walk:
    """Goes through the packets as Zeek's TCP analyzer does."""

    def __init__(self) -> None:
        self.history: list[str] = []
        self.client, self.server = End(client=True), End(client=False)
        self.partial = False
        self.heard: set[bool] = set()

    def take(self, segment: Segment, *, client: bool) -> None:
        """One segment."""
        end, peer = (self.client, self.server) if client else (self.server, self.client)
        if not (client or self.history or self.heard):
            self.history.append("^")
        if "checksum" in segment.faults and segment.checksum_known:
            self._scaled(end, "c")
            return
        if client not in self.heard and (client or not self.partial):
            self.partial = not segment.flags & SYN or (client and bool(segment.flags & ACK))
        self.heard.add(client)
        begin(end, segment)
        start = end.count(segment.seq)
        self._letters(end, segment, start)
        if (
            not segment.window
            and not segment.flags & RST
            and not (peer.state is State.CLOSED or end.state is State.RESET)
        ):
            self._scaled(end, "w")
        self._numbers(end, peer, segment, start)

    def _numbers(self, end: End, peer: End, segment: Segment, start: int) -> None:
        flags, length = segment.flags, segment.length
        after = start + octets(segment)
        if flags & FIN:
            end.fin = after
        acked = self._acknowledged(end, peer, segment)
        if self._again(end, segment, after):
            self._scaled(end, "t")
        step(end, peer, segment)
        if end.before is State.INACTIVE and end.state is State.ESTABLISHED and not flags & SYN:
            self.partial = False  # only the SYN is not in the record
        if acked is not None:
            holes = 0 if acked <= 2 and self.partial else peer.holes(acked)
            if end.clean and peer.clean:
                for _ in range(holes):
                    self._scaled(peer, "g")
        if length and not flags & RST and start >= 0:
            end.seen(start + bool(flags & SYN), start + bool(flags & SYN) + length)

    def _acknowledged(self, end: End, peer: End, segment: Segment) -> int | None:
        """What the segment acknowledges of its peer; the first number known of a silent peer."""
        if not segment.flags & ACK:
            return None
        if peer.state is State.INACTIVE:
            peer.begin(segment.ack - 1)
            return 1
        acked = peer.count(segment.ack)
        if not segment.flags & RST:
            peer.acked = max(peer.acked, acked)
        return acked

    @staticmethod
    def _again(end: End, segment: Segment, after: int) -> bool:
        """Whether the segment brings payload but no new number; keeps the highest number."""
        flags, ahead = segment.flags, after - end.last
        if (flags & (SYN | RST) and abs(ahead) > _TOO_FAR) or end.state is State.RESET:
            return False
        if ahead > 0 or (flags & FIN and end.last == 1):
            end.advance(after)
            return False
        return segment.length > 0

    def _letters(self, end: End, segment: Segment, start: int) -> None:
        flags = segment.flags & (SYN | FIN | RST)
        if flags in (SYN, FIN, RST):
            kind = {SYN: "h" if segment.flags & ACK else "s", FIN: "f", RST: "r"}[flags]
            number = start + segment.length if flags == FIN else start
            key = "s" if kind == "h" else kind
            if end.noted.get(key) != number:
                self._add(end, kind)
            end.noted[key] = number
            return
        if flags:
            kind = "i" if flags & FIN and flags & RST else "q"
        elif segment.length:
            kind = "d"
        elif segment.flags & ACK:
            kind = "a"
        else:
            return
        if end.noted.setdefault(kind, -1) == -1:
            end.noted[kind] = 0
            self._add(end, kind)

    def _scaled(self, end: End, letter: str) -> None:
        times = end.times[letter] = end.times.get(letter, 0) + 1
        while times % _SCALE == 0:
            times //= _SCALE
        if times == 1:
            self._add(end, letter)

    def _add(self, end: End, letter: str) -> None:
        self.history.append(letter.upper() if end.client else letter)

    def conn_state(self) -> str:
        """The summary of both ends' states."""
        ours, theirs = self.client.state, self.server.state
        if theirs is State.RESET:
            nothing = ours is State.RESET and self.client.size == self.server.size == 0
            return "REJ" if ours in OPENING or nothing else "RSTRH" if ours in SILENT else "RSTR"
        if ours is State.RESET:
            if theirs not in SILENT:
                return "RSTO"
            return "RSTOS0" if _RSTOS0.match("".join(self.history)) else "OTH"
        if ours is State.CLOSED:
            return "SF" if theirs is State.CLOSED else "SH" if theirs in SILENT else "S2"
        if theirs is State.CLOSED:
            return "SHR" if ours in SILENT else "S3"
        return {
            (State.SYN_SENT, State.INACTIVE): "S0",
            (State.ESTABLISHED, State.ESTABLISHED): "S1",
        }.get((ours, theirs), "OTH")
