"""A long transfer by hand, as a capture beside its client has it: window after window, with what happens on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.spec.segment import ACK, FIN, PSH, SYN
from tests.replay.traffic import Piece

MSS = 1448


@dataclass
class Bulk:
    """A client that sends and a server that acknowledges every second segment, ``flight`` segments behind."""

    flight: int = 20
    pieces: list[Piece] = field(default_factory=list)
    sent: int = 100
    acked: int = 100
    room: int = 60000

    def opened(self) -> Bulk:
        """The three segments that open it."""
        self.pieces += [Piece(True, SYN, 99, 0), Piece(False, SYN | ACK, 499, 100), Piece(True, ACK, 100, 500)]
        return self

    def said(self, seq: int, length: int = MSS) -> None:
        """Text of the client."""
        self.pieces.append(Piece(True, PSH | ACK, seq, 500, length))
        self.sent = max(self.sent, seq + length)

    def told(self, ack: int, window: int = 0) -> None:
        """An ACK of the server."""
        self.acked = ack
        self.pieces.append(Piece(False, ACK, 500, ack, window=window or self.room))

    def transfer(self, segments: int) -> Bulk:
        """So many segments in order."""
        for number in range(segments):
            self.said(self.sent)
            if number % 2 and self.sent - self.acked > self.flight * MSS:
                self.told(self.acked + 2 * MSS)
        return self

    def lost(self) -> Bulk:
        """The oldest segment under way was lost: the same ACK for each of the others, and it once more."""
        for _ in range(self.flight - 1):
            self.told(self.acked)
        self.said(self.acked)
        self.told(self.sent)
        return self

    def overtaken(self) -> Bulk:
        """Four segments in another order than they were sent in."""
        first = self.sent
        for place in (0, 2, 3, 1):
            self.said(first + place * MSS)
        self.told(self.sent)
        return self

    def stalled(self) -> Bulk:
        """The window closes, is asked for, and opens."""
        self.told(self.sent)
        self.pieces.append(Piece(False, ACK, 500, self.sent, window=0))
        self.pieces.append(Piece(True, ACK, self.sent - 1, 500))
        self.pieces.append(Piece(False, ACK, 500, self.sent, window=0))
        self.told(self.sent)
        return self

    def closed(self, beyond: int = 0) -> Bulk:
        """Four segments close it; the server's FIN acknowledges ``beyond`` octets more than there are."""
        self.told(self.sent)
        self.pieces += [
            Piece(True, FIN | ACK, self.sent, 500),
            Piece(False, ACK, 500, self.sent + 1),
            Piece(False, FIN | ACK, 500, self.sent + 1 + beyond),
            Piece(True, ACK, self.sent + 1, 501),
        ]
        return self


def ordinary(segments: int = 3000) -> Bulk:
    """All of it, one after the other."""
    each = segments // 5
    bulk = Bulk().opened().transfer(each).lost().transfer(each).overtaken().transfer(each)
    return bulk.stalled().transfer(each).lost().transfer(each)
