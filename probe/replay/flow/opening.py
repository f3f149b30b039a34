"""How a connection was opened, told from its packets: who sent which SYN, which answer fits, how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from probe.results.connection import Handshake, Opener, Packet
from probe.spec.segment import ACK, RST, SYN, Segment
from probe.spec.seq import Seq

Trips = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """The open of one connection.

    ``client_isn`` and ``server_isn`` are the ISNs of the SYNs that belong together, None where no such SYN is in the
    record. ``syn_top`` is the first number after the client's SYN and its payload. ``trips``: places in the packets of
    what was asked and what answered it, whose times together make the RTT of the handshake; empty where none is known.
    """

    opener: Opener
    handshake: Handshake
    client_isn: Seq | None = None
    server_isn: Seq | None = None
    syn_top: Seq | None = None
    syn_again: int = 0
    syn_ack_again: int = 0
    trips: Trips = ()


@dataclass(slots=True)
class _Syns:
    """The SYNs of one end by ISN, each with the first number after it, and its SYN,ACKs with how often they came."""

    plain: dict[Seq, Seq] = field(default_factory=dict)
    answers: dict[tuple[Seq, Seq], int] = field(default_factory=dict)
    again: int = 0
    asked_first: bool = False

    def add(self, segment: Segment) -> None:
        if not self.plain and not self.answers:
            self.asked_first = not segment.flags & ACK
        if segment.flags & ACK:
            key = segment.seq, segment.ack
            self.answers[key] = self.answers.get(key, 0) + 1
        else:
            self.again += segment.seq in self.plain
            # A SYN sent again without its Fast Open payload does not shorten what may be acknowledged.
            self.plain[segment.seq] = max(segment.end, self.plain.get(segment.seq, segment.seq))

    @property
    def answers_again(self) -> int:
        """SYN,ACKs that came before with the same ISN, whatever they acknowledged."""
        return sum(self.answers.values()) - len({isn for isn, _ in self.answers})

    def answered_by(self, ack: Seq) -> Seq | None:
        """The ISN of the SYN that ``ack`` acknowledges: it, or it and any part of its payload (RFC 7413)."""
        if ack - 1 in self.plain:
            return ack - 1
        last = next(reversed(self.plain), None)
        return last if last is not None and last < ack <= self.plain[last] else None


def opening(packets: Sequence[Packet]) -> Opening:
    """The open of the connection that ``packets`` are all of, in any order that the path or the recorder made; O(n).

    A RST with SYN or FIN with SYN still counts as the SYN. Only a SYN without ACK of the client makes a start that was
    seen; a SYN,ACK without it leaves ``opener`` mid-stream and ``handshake`` not seen, for its numbers say nothing.
    """
    client, server = _Syns(), _Syns()
    for packet in packets:
        if packet.segment.flags & SYN:
            (client if packet.from_client else server).add(packet.segment)
    again = client.answers_again + server.answers_again
    if not client.plain:
        isns = [next(reversed(end.answers), (None, None))[0] for end in (client, server)]
        return Opening(Opener.MID_STREAM, Handshake.NOT_SEEN, isns[0], isns[1], syn_ack_again=again)
    if server.asked_first:
        # Each SYN must be acknowledged by the other end, in a SYN,ACK or without SYN (RFC 9293 section 3.5, figure 7).
        x, y = next(reversed(client.plain)), next(reversed(server.plain))
        acked = [
            any(p.from_client == by_client and _acknowledges(p.segment, isn) for p in packets)
            for by_client, isn in ((True, y), (False, x))
        ]
        word = Handshake.FOLLOWED if all(acked) else Handshake.INCOMPLETE if any(acked) else Handshake.UNANSWERED
        return Opening(Opener.SIMULTANEOUS, word, x, y, client.plain[x], client.again + server.again, again)
    pairs = [(y, asked) for (y, ack) in server.answers if (asked := client.answered_by(ack)) is not None]
    if pairs:
        return _answered(packets, client, server, pairs)
    return _without_answer(packets, client, server, violated=bool(server.answers))


def _answered(packets: Sequence[Packet], client: _Syns, server: _Syns, pairs: list[tuple[Seq, Seq]]) -> Opening:
    """A SYN,ACK fits; the client must acknowledge it."""
    isns = dict(pairs)
    done = next((p.segment.ack - 1 for p in _speaks(packets, client=True) if p.segment.ack - 1 in isns), None)
    y = pairs[-1][0] if done is None else done
    # Or it acknowledges the SYN,ACK together with later octets that the server is seen to have sent. Without those the
    # first acknowledgment is exact: in SYN-RECEIVED any other is answered with a RST (RFC 9293 section 3.10.7.4).
    if done is None and any(p.segment.end > y + 1 for p in _speaks(packets, client=False)):
        done = y if any(p.segment.ack > y for p in _speaks(packets, client=True)) else None
    x = isns[y]
    word = Handshake.INCOMPLETE if done is None else Handshake.FOLLOWED
    again = client.again, server.answers_again
    return Opening(Opener.CLIENT, word, x, y, client.plain[x], *again, _trips(packets, x, y, whole=done is not None))


def _without_answer(packets: Sequence[Packet], client: _Syns, server: _Syns, *, violated: bool) -> Opening:
    """No SYN,ACK fits: a RST refuses the SYN, or the wrong SYN,ACK came, or the right one is not in the record."""
    x = next(reversed(client.plain))
    acks = [
        (p.segment.flags & RST, p.segment.ack)
        for p in packets
        if not p.from_client and p.segment.flags & (SYN | ACK) == ACK
    ]
    answers = {rst for rst, ack in acks if client.answered_by(ack) is not None}
    if RST in answers:
        word = Handshake.REFUSED
    elif answers or any(
        x < p.segment.seq and p.segment.end >= client.plain[x] for p in _speaks(packets, client=True)
    ):  # only a client that got a SYN,ACK sends past its SYN, and acknowledges
        word = Handshake.NOT_SEEN
    else:
        word = Handshake.VIOLATED if violated else Handshake.UNANSWERED
    return Opening(Opener.CLIENT, word, x, None, client.plain[x], client.again, server.answers_again)


def _speaks(packets: Sequence[Packet], *, client: bool) -> Iterator[Packet]:
    """The segments of one end that a synchronized end sends: with ACK, without SYN and RST."""
    return (p for p in packets if p.from_client == client and p.segment.flags & (SYN | RST | ACK) == ACK)


def _acknowledges(segment: Segment, isn: Seq) -> bool:
    return segment.flags & (RST | ACK) == ACK and segment.ack > isn


def _trips(packets: Sequence[Packet], x: Seq, y: Seq, *, whole: bool) -> Trips:
    """SYN to SYN,ACK and (``whole``) SYN,ACK to ACK, each from the last one before the answer, as far as recorded."""
    asked = answered = None
    found: Trips = ()
    for place, packet in enumerate(packets):
        segment = packet.segment
        if packet.from_client and segment.flags & (SYN | ACK) == SYN and segment.seq == x:
            asked = place
        elif not packet.from_client and segment.has(SYN | ACK) and segment.seq == y:
            if asked is not None and not found:
                found = ((asked, place),)
            answered = place
        elif whole and packet.from_client and answered is not None and _acknowledges(segment, y):
            return (*found, (answered, place))
    return found
