"""How a connection was closed and what its record lacks, told from the packets and the numbers in them alone."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from probe.replay.flow.opening import Opening
from probe.results.connection import Close, Evidence, Handshake, Opener, Packet
from probe.spec.segment import ACK, FIN, RST, SYN, Segment
from probe.spec.seq import Seq

_LARGEST_WINDOW = 1 << 30
"""65535 << 14, rounded up: the farthest ahead that a number can be in use (RFC 7323 section 2.3)."""


@dataclass(slots=True)
class Side:
    """What one end sent, counted in octets from the first number known of it, so that nothing wraps.

    All octets below ``edge`` are in the record; the end has sent up to ``top``; the other end acknowledged up to
    ``acked``. ``fin`` is the count after its FIN, ``fin_ack`` the lowest number that its FIN acknowledged, ``fin_at``
    the index of that segment. ``apart`` is the highest number it acknowledged without FIN, and the lowest count of its
    own from which it did. ``reset`` is the index of the RST that it ended the connection with; only what it sent, or
    acknowledged, past ``reset_top`` and ``reset_ack`` shows that it went on. ``denied`` is the index of the last RST
    that was none of its own by that.
    """

    edge: int = 0
    top: int = 0
    acked: int | None = None
    fin: int | None = None
    fin_ack: int | None = None
    fin_at: int = -1
    fin_again: int = 0
    apart: tuple[int, int] | None = None
    reset: int | None = None
    reset_top: int = 0
    reset_ack: int | None = None
    denied: int | None = None
    heard: bool = False
    _near: Seq | None = None
    _near_count: int = 0
    _early: list[tuple[int, int]] = field(default_factory=list)

    def count(self, number: Seq) -> int:
        """The count that stands for a number, by the last one in use."""
        if self._near is None:
            self._near = number
        return self._near_count + (number - self._near)

    def use(self, number: Seq, count: int) -> None:
        """Numbers around this one are in use now."""
        if 0 < count - self._near_count < _LARGEST_WINDOW:
            self._near, self._near_count = number, count

    def covers(self, start: int, end: int) -> None:
        """The octets from ``start`` up to ``end`` are in the record (none: the end has come as far as that)."""
        self.top = max(self.top, end)
        if start > self.edge:
            if end > start:
                heapq.heappush(self._early, (start, end))
            return
        self.edge = max(self.edge, end)
        while self._early and self._early[0][0] <= self.edge:
            self.edge = max(self.edge, heapq.heappop(self._early)[1])

    def finish(self, index: int, end: int, ack: int | None) -> None:
        """A FIN, the first one or once more; the lowest number that any of them acknowledged is what it knew."""
        if self.fin is None:
            self.fin, self.fin_ack, self.fin_at = end, ack, index
        elif end == self.fin:
            self.fin_again += 1
            if ack is not None:
                self.fin_ack = ack if self.fin_ack is None else min(self.fin_ack, ack)

    @property
    def finished(self) -> bool:
        """Whether its FIN is acknowledged."""
        return self.fin is not None and self.acked is not None and self.acked >= self.fin

    @property
    def missing(self) -> bool:
        """Whether it sent, or the other end had received, octets that are not in the record."""
        return max(self.top, self.acked or 0) > self.edge


def closing(walk: Walk) -> tuple[Close, Evidence]:
    """(close, evidence) of the connection that was walked through."""
    client, server, opened = walk.client, walk.server, walk.opened
    if walk.answers and not (client.heard and server.heard):
        evidence = Evidence.ONE_DIRECTION
    elif opened.opener is Opener.MID_STREAM:
        evidence = Evidence.MID_CONNECTION
    else:
        evidence = Evidence.MISSING if client.missing or server.missing or walk.unheard_syn else Evidence.COMPLETE
    return Close.NONE if opened.handshake is Handshake.REFUSED else _close(client, server), evidence


class Walk:
    """Goes through the packets once and keeps both sides; O(n) for records in order, O(n log n) at worst."""

    def __init__(self, packets: Sequence[Packet], opened: Opening) -> None:
        self.opened = opened
        self.client, self.server = Side(), Side()
        for side, isn in ((self.client, opened.client_isn), (self.server, opened.server_isn)):
            if isn is not None:
                side.count(isn)
        self.answers = False
        self.unheard_syn = False
        for index, packet in enumerate(packets):
            self._take(index, packet.segment, client=packet.from_client)

    def _take(self, index: int, segment: Segment, *, client: bool) -> None:
        side, other = (self.client, self.server) if client else (self.server, self.client)
        if self._foreign(segment, client=client):
            return
        if segment.flags & RST:
            self._reset(index, segment, side, other)
            return
        side.heard = True
        self.answers |= bool(segment.flags & ACK) and (not segment.flags & SYN or self.opened.client_isn is None)
        unseen = self.opened.handshake is Handshake.NOT_SEEN and self.opened.client_isn is not None
        self.unheard_syn |= unseen and not client
        start = side.count(segment.seq)
        end = start + segment.seg_len
        side.use(segment.seq, start)
        side.covers(start, end)
        ack = other.count(segment.ack) if segment.flags & ACK else None
        if ack is not None and self.opened.handshake is Handshake.INCOMPLETE and ack > other.top:
            ack = None  # no acknowledgment of anything: the reason why the handshake is incomplete
        if ack is not None:
            other.acked = ack if other.acked is None else max(other.acked, ack)
            other.use(segment.ack, ack)
        if side.reset is not None and (end > side.reset_top or (ack or 0) > (side.reset_ack or 0)):
            side.denied, side.reset = side.reset, None  # it goes on: that RST was about something else, or not its own
        if segment.flags & FIN:
            side.finish(index, end, ack)
        elif ack is not None and (side.fin is None or not segment.length):  # data after its FIN is sent again
            if side.apart is None or ack > side.apart[0]:
                side.apart = ack, start
            elif ack == side.apart[0]:
                side.apart = ack, min(start, side.apart[1])

    def _foreign(self, segment: Segment, *, client: bool) -> bool:
        """Whether the segment belongs to another connection: a SYN with another ISN, old answers, and the RST for them.

        Before a SYN,ACK is known, the server can acknowledge nothing but the SYN, and the client's RST lies in its SYN
        (RFC 9293 section 3.5.1, figures 9 and 10).
        """
        opened = self.opened
        x, end = opened.client_isn, opened.syn_top
        isn = x if client else opened.server_isn
        if segment.flags & SYN and isn is not None:
            return segment.seq != isn
        # What comes before the SYN,ACK that opens may be an answer of a half-open connection.
        older = opened.server_isn is not None and not self.server.heard and not segment.flags & (SYN | FIN)
        older |= opened.handshake in (Handshake.UNANSWERED, Handshake.VIOLATED, Handshake.REFUSED)
        if x is None or end is None or not older:
            return False
        if client:
            return bool(segment.flags & RST) and not x <= segment.seq <= end
        return not segment.flags & ACK or not x < segment.ack <= end

    def _reset(self, index: int, segment: Segment, side: Side, other: Side) -> None:
        """A RST ends the connection where its number lies in the window (RFC 9293 section 3.10.7.4, second check)."""
        self.answers |= bool(segment.flags & ACK) and self.opened.client_isn is None
        start = side.count(segment.seq)
        # Before both ends are synchronized its numbers are known exactly: a RST elsewhere answers a wrong ACK.
        room = _LARGEST_WINDOW if self.opened.handshake in (Handshake.FOLLOWED, Handshake.NOT_SEEN) else 0
        known = side.heard or side.acked is not None
        side.heard = True
        below = side.acked is not None and start < side.acked
        if side.reset is not None or (known and (below or start > max(side.top, side.acked or 0) + room)):
            return
        side.reset, side.reset_top = index, max(side.top, start)
        side.reset_ack = max(other.acked or 0, other.count(segment.ack) if segment.flags & ACK else 0)


def _close(client: Side, server: Side) -> Close:
    if not (client.finished and server.finished):
        resets = ((client.reset, Close.RESET_BY_CLIENT), (server.reset, Close.RESET_BY_SERVER))
        ended = [(index, word) for index, word in resets if index is not None]
        if ended:
            return min(ended)[1]
        return Close.NONE if client.fin is None and server.fin is None else Close.INCOMPLETE
    # Both FINs are acknowledged: which close it was is told by what the FINs themselves acknowledged.
    knew = [_knew(client, server), _knew(server, client)]
    if not any(knew):
        return Close.SIMULTANEOUS
    second, first = (client, server) if knew[0] and (not knew[1] or client.fin_at > server.fin_at) else (server, client)
    if first.fin is None or second.fin is None or second.apart is None:
        return Close.THREE_SEGMENT
    # What carries a number from before its FIN was sent before it, wherever it stands in the record.
    ack, start = second.apart
    return Close.FOUR_WAY if ack >= first.fin and start < second.fin else Close.THREE_SEGMENT


def _knew(side: Side, other: Side) -> bool:
    """Whether the FIN of ``side`` acknowledged the other's."""
    return side.fin_ack is not None and other.fin is not None and side.fin_ack >= other.fin
