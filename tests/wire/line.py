"""Words for live tests of the wire: a peer's listener, a crafted connection, waiting for what must come."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from probe.spec.segment import ACK, FIN, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.link import Arrival
from probe.wire.namespace import inside
from probe.wire.raw import RawLink

PATIENCE = 5.0
ISN = Seq(0xFFFFFFF0)  # numbers wrap within the first payload


@contextmanager
def listening(address: str, pid: int | None = None) -> Iterator[tuple[socket.socket, Endpoint]]:
    """An ordinary listener, in the namespace of process ``pid`` where one is given."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(pid) if pid else nullcontext():
        server = socket.create_server((address, 0), family=family)
    with server:
        server.settimeout(PATIENCE)
        yield server, Endpoint(address, server.getsockname()[1])


def flow_to(link: RawLink, peer: Endpoint) -> Flow:
    return Flow(Endpoint(link.source, link.pool.take()), peer)


def until(link: RawLink, wanted: Callable[[Arrival], bool]) -> list[Arrival]:
    """Everything up to and including the first arrival that is wanted; fails when it does not come."""
    seen: list[Arrival] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen += link.receive(deadline)
        if any(map(wanted, seen)):
            return seen
    raise AssertionError(f"did not come; seen: {[(a.sent, str(a.segment)) for a in seen]}")


def replied(flags: int) -> Callable[[Arrival], bool]:
    return lambda arrival: not arrival.sent and arrival.segment.flags & ~8 == flags


def everything(link: RawLink, flow: Flow) -> list[Arrival]:
    """All that is under way now: a last segment, and the reading up to it."""
    marker = Segment(Seq(1), flags=0, window=1)
    link.send(flow, marker)
    return until(link, lambda arrival: arrival.own and arrival.segment == marker)


def open_crafted(link: RawLink, flow: Flow) -> Seq:
    """Three segments; returns the peer's ISN."""
    link.send(flow, Segment(ISN, flags=SYN))
    (answer,) = [a for a in until(link, replied(SYN | ACK)) if not a.sent]
    link.send(flow, Segment(ISN + 1, answer.segment.seq + 1, ACK))
    return answer.segment.seq


def fin(isn: Seq, data: int = 0) -> Segment:
    """Our FIN, acknowledging the peer's SYN and ``data`` more numbers."""
    return Segment(ISN + 1, isn + 1 + data, FIN | ACK)
