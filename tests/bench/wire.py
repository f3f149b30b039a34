"""Segments through the wire layer alone: crafted, sent, seen again with the kernel's time, decoded, told our own."""

from __future__ import annotations

import time
from collections.abc import Iterator

from probe.spec.segment import ACK, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.guard import PortPool
from probe.wire.raw import RawLink
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place

_COUNT, _BATCH = 32_768, 64
_PATIENCE = 5.0


def _run(place: Place) -> Iterator[Measure]:
    for version, endpoint in sorted(place.endpoints.items()):
        rate = _segments_per_second(endpoint.address)
        yield Measure(f"sent and seen again, IPv{version}", rate, "segments/s", note=f"{_COUNT} bare ACKs")


def _segments_per_second(address: str) -> float:
    """Both ends are held ports, so that nobody answers; RuntimeError when a segment is not seen."""
    with PortPool(address) as pool, RawLink(address, pool=pool) as link:
        flow = Flow(Endpoint(address, pool.take()), Endpoint(address, pool.take()))
        _batch(link, flow, 0)  # Scapy crafts the shape
        began = time.perf_counter()
        for start in range(0, _COUNT, _BATCH):
            _batch(link, flow, start)
        return _COUNT / (time.perf_counter() - began)


def _batch(link: RawLink, flow: Flow, start: int) -> None:
    for number in range(start, start + _BATCH):
        link.send(flow, Segment(Seq(number), Seq(1), ACK))
    until, seen = time.monotonic() + _PATIENCE, 0
    while seen < _BATCH:
        arrivals = link.receive(until)
        if not arrivals:
            raise RuntimeError(f"of {_BATCH} segments sent only {seen} were seen")
        seen += sum(arrival.own for arrival in arrivals)


BENCH = Bench("wire", "the wire layer alone", _run, order=40)
