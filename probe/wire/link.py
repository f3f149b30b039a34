"""The line as a tiny interface: send, receive until a deadline, close. Raw sockets, captures and tests implement it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol, Self

from probe.spec.icmp import Icmp
from probe.spec.segment import Flow, Segment


@dataclass(frozen=True, slots=True)
class Arrival:
    """One segment seen on the line.

    ``flow`` is written from the tester's side (local = tester); ``sent`` is True when the tester's host sent it,
    ``own`` is True when this link itself sent it (sent and not own: our kernel answered). ``packet`` holds the bytes
    from the IP header on; ``time`` is the kernel's timestamp, seconds since the epoch; ``number`` counts from 1.
    ``icmp``: an error came that quotes this segment, one of ours (``sent`` is False), as far as it quotes it: the
    sequence number always, the rest where the quotation goes on.
    """

    time: float
    flow: Flow
    sent: bool
    own: bool
    segment: Segment
    packet: bytes
    number: int
    icmp: Icmp | None = None


class Link(Protocol):
    """A line to peers. Raises ``probe.wire.errors.WireError`` when it cannot do its work."""

    def send(self, flow: Flow, segment: Segment) -> None:
        """Put one segment on the wire from flow.local to flow.remote."""

    def receive(self, until: float) -> list[Arrival]:
        """Wait until something arrived or the monotonic time ``until`` passed; return all that is there."""

    def dropped(self) -> int:
        """Packets that the kernel had no room for, since the start: what is known to have come and was not seen."""

    def close(self) -> None:
        """Give back every resource."""


class Closing(ABC):
    """Whatever has a ``close``: leaving the `with` block closes it."""

    @abstractmethod
    def close(self) -> None:
        """Give back every resource; closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
