"""Captured segments of a client to live ones: numbers, windows, timestamps and sizes of the new connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from probe.engine.play.reenact.turns import Said, Script
from probe.engine.play.tester import Tester
from probe.spec.segment import ACK, FIN, MSS, NOP, PSH, RST, SACK, SYN, TIMESTAMPS, Option, Segment
from probe.spec.seq import Seq

_MOST = 65535
_DEFAULT_MSS = 536
"""Of a peer that names none (RFC 9293 section 3.7.1); right for IPv4, careful for IPv6."""
_UNANSWERED = 1400
"""Octets sent at once before the peer has named its size: what fits any Ethernet."""
_LEAST = 64
"""Octets; a peer that names less is not believed, or one segment would become thousands."""
_STAMP = 12
_STAMP_SIZE = 8
_ROOM = 40
"""Octets of options that a header can carry (RFC 9293 section 3.1)."""


class Rewriter:
    """What is negotiated anew: window scale, timestamps, segment size. ``stamp`` is the first TSval to send."""

    def __init__(self, script: Script, tester: Tester, stamp: int) -> None:
        self.script, self.tester = script, tester
        self.syn_ack: Segment | None = None
        first = script.syn.timestamps
        self._captured_stamp, self._base = Seq(first[0] if first else 0), Seq(stamp)
        self._value, self._echo = self._base, 0
        agreed = script.syn_ack
        self._was_stamped = bool(first and agreed and agreed.timestamps)
        self._was_scaled = self._shift(agreed)

    def heard(self, segment: Segment) -> None:
        """Learn from a segment of the live peer."""
        if self.syn_ack is None and segment.has(SYN | ACK):
            self.syn_ack = segment
        if segment.timestamps is not None:
            self._echo = segment.timestamps[0]

    def live(self, segment: Segment, said: Said) -> list[Segment]:
        """What to send for a captured segment, before which the captured peer had ``said`` so much.

        More than one where it is larger than the live peer takes.
        """
        window = segment.window
        if not segment.flags & SYN:
            window = min(window << self._was_scaled >> self._shift(self.syn_ack), _MOST)
        absolute = segment.has(RST | ACK) and segment.seq == 0  # RFC 9293 section 3.10.7.1
        numbered = replace(
            segment,
            options=tuple(self._options(segment)),
            seq=segment.seq if absolute else self.tester.iss + (segment.seq - self.script.client),
            ack=self._ack(segment, said) if segment.flags & ACK else segment.ack,
            window=window,
        )
        return list(self._pieces(numbered))

    def own(self, segment: Segment) -> Segment:
        """An empty segment of our own, with the timestamps and the scale that the connection has (RFC 7323)."""
        options = self._stamp() if self._stamps else segment.options
        return replace(segment, options=options, window=segment.window >> self._shift(self.syn_ack))

    # -- numbers ---------------------------------------------------------------------------------------------------

    def _ack(self, segment: Segment, said: Said) -> Seq:
        """The same as in the capture, measured on what the live peer has really sent."""
        tester, peer = self.tester, self.script.peer
        if peer is None or not tester.synchronized:
            return segment.ack
        acked, text_end = segment.ack - peer, 1 + said.text
        if acked > said.end:
            return tester.rcv + (acked - said.end)  # beyond all that was sent: as far beyond
        if said.fin and acked == said.end:
            return tester.rcv
        if acked == text_end:
            return tester.text
        return min(tester.peer + acked, tester.text, key=lambda number: number - tester.peer)

    def _shift(self, syn_ack: Segment | None) -> int:
        """The client's shift, in force where both SYNs carry the option (RFC 7323 section 2.2)."""
        ours = self.script.syn.window_scale
        return ours if ours is not None and syn_ack is not None and syn_ack.window_scale is not None else 0

    # -- options ---------------------------------------------------------------------------------------------------

    @property
    def _stamps(self) -> bool:
        """Whether the live connection uses timestamps."""
        return bool(self.script.syn.timestamps and self.syn_ack is not None and self.syn_ack.timestamps)

    def _options(self, segment: Segment) -> Iterator[Option]:
        """SACK blocks tell of losses in the capture and are left out; timestamps follow what is negotiated now."""
        stamps = segment.timestamps
        if stamps is not None:
            self._value = self._base + (Seq(stamps[0]) - self._captured_stamp)
        if segment.flags & SYN and not segment.flags & ACK:
            yield from (self._stamp(0)[-1] if _is_stamp(o) else o for o in segment.options)
            return
        kept = [o for o in segment.options if o.kind != SACK and not (o.kind == NOP or _is_stamp(o))]
        room = _ROOM - sum(len(o.data) + 2 for o in kept)
        due = stamps is not None or not self._was_stamped
        if self._stamps and due and room >= _STAMP and not segment.flags & RST:
            yield from self._stamp()
        yield from kept

    def _stamp(self, echo: int | None = None) -> tuple[Option, ...]:
        """Padded to whole words as RFC 7323 appendix A advises."""
        value = int(self._value).to_bytes(4, "big") + (self._echo if echo is None else echo).to_bytes(4, "big")
        return Option(NOP), Option(NOP), Option(TIMESTAMPS, value)

    # -- size ------------------------------------------------------------------------------------------------------

    def _pieces(self, segment: Segment) -> Iterator[Segment]:
        """The segment in portions of the live peer's MSS: captures show what the network card was handed."""
        size = _UNANSWERED
        if self.syn_ack is not None:
            option = self.syn_ack.option(MSS)
            size = int.from_bytes(option.data, "big") if option is not None else _DEFAULT_MSS
            size = max(size - (_STAMP if self._stamps else 0), _LEAST)
        for start in range(0, max(segment.length, 1), size):
            length = min(size, segment.length - start)
            dropped = (SYN if start else 0) | (FIN | PSH if start + length < segment.length else 0)
            yield replace(
                segment,
                seq=segment.seq + (start + bool(segment.flags & SYN) if start else 0),
                flags=segment.flags & ~dropped,
                length=length,
                payload=segment.payload[start : start + length],
            )


def _is_stamp(option: Option) -> bool:
    return option.kind == TIMESTAMPS and not option.fault and len(option.data) == _STAMP_SIZE
