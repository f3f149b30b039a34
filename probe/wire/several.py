"""Several lines as one: IPv4 and IPv6 side by side."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence
from dataclasses import replace

from probe.spec.segment import Flow, Segment
from probe.wire.closing import Closing
from probe.wire.link import Arrival, Losses
from probe.wire.raw import RawLink

_LONGEST = 60_000
"""Milliseconds that a look at the line takes at most; poll counts in 31 bits."""


class SeveralLinks(Closing):
    """A Link over one RawLink for each IP version; what arrives is numbered in the order it was read."""

    def __init__(self, links: Sequence[RawLink]) -> None:
        """Takes the links over: they are closed with it."""
        self._links = {6 if ":" in link.source else 4: link for link in links}
        self._number = 0
        self._poll = select.poll()
        for link in links:
            self._poll.register(link.fileno(), select.POLLIN)

    def send(self, flow: Flow, segment: Segment) -> None:
        """Put one segment on the wire of its IP version."""
        self._links[flow.local.version].send(flow, segment)

    def receive(self, until: float) -> list[Arrival]:
        """Wait until something arrived or the monotonic time ``until`` passed; return all that is there."""
        while True:
            over = time.monotonic() >= until
            found = [arrival for link in self._links.values() for arrival in link.receive(0)]
            if found or over:
                return self._numbered(found)
            self._poll.poll(min(_LONGEST, max(0, math.ceil((until - time.monotonic()) * 1000))))

    def losses(self) -> Losses:
        """Packets the kernel had no room for, on any of the lines."""
        return Losses(sum(link.losses().dropped for link in self._links.values()))

    def close(self) -> None:
        """Close every line."""
        for link in self._links.values():
            link.close()

    def _numbered(self, arrivals: list[Arrival]) -> list[Arrival]:
        found = []
        for arrival in sorted(arrivals, key=lambda a: a.time):
            self._number += 1
            found.append(replace(arrival, number=self._number))
        return found
