"""Connections written to a capture file, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from probe.results.connection import Packet
from probe.spec.segment import Endpoint, Flow
from probe.wire.craft import pack
from tests.capture.build import EVENING, Frame, pcap
from tests.fuzz.connections import connection, thinned

RAW = 101


def flow(index: int) -> Flow:
    """A four-tuple a number; every third is IPv6."""
    if index % 3 == 2:
        return Flow(Endpoint("2001:db8::1", 40000 + index), Endpoint("2001:db8::2", 80))
    return Flow(Endpoint("10.0.0.1", 40000 + index), Endpoint("10.0.0.2", 80))


def written(connections: Sequence[Sequence[Packet]], rng: Random) -> bytes:
    """A capture of the connections, their packets mixed at random, each connection's in its own order."""
    left = [(flow(index), list(packets)) for index, packets in enumerate(connections) if packets]
    frames: list[Frame] = []
    while left:
        which, packets = rng.choice(left)
        packet = packets.pop(0)
        data = pack(which if packet.from_client else which.reversed(), packet.segment)
        frames.append(Frame(data, EVENING + 1_000_000 * len(frames)))
        left = [(f, p) for f, p in left if p]
    return pcap(frames, link=RAW, order=rng.choice("<>"), nano=rng.random() < 0.5)


def some(rng: Random) -> list[list[Packet]]:
    """A few conforming connections, some of them with holes."""
    return [thinned(connection(rng), rng) for _ in range(rng.randint(1, 4))]


def capture(rng: Random) -> bytes:
    """A capture of them."""
    return written(some(rng), rng)
