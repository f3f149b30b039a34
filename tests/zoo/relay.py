"""A line between two namespaces with a wire of our making in it: a real kernel stands behind a path of the zoo."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe

from probe.wire.namespace import inside
from tests.zoo.tun import Way, Wire, device, packets, process, waited

_NEAR = {4: "10.98.0.1", 6: "fd98::1"}
_FAR = {4: "10.98.0.2", 6: "fd98::2"}


@contextmanager
def joined(pid: int, wire: Wire, *, mtu: int = 1500) -> Iterator[dict[int, str]]:
    """Join our namespace with that of process ``pid``: IP version -> the address over there."""
    with process(_relay, pid, Way(wire), mtu):
        yield dict(_FAR)


def _relay(pid: int, way: Way, mtu: int, told: Pipe) -> None:
    near = device(f"near{os.getpid()}", mtu, _NEAR, _FAR)
    with inside(pid):
        far = device(f"far{os.getpid()}", mtu, _FAR, _NEAR)
    told.send("ready")
    while told.fileno() not in waited([near, far, told.fileno()], [way.next]):
        now = time.monotonic()
        for tun in (near, far):
            for packet in packets(tun):
                way.put(packet, tun == near, now)
        for to_host, packet in way.arrived(time.monotonic()):
            with suppress(OSError):  # a kernel that takes no more: the packet is lost, as on any line
                os.write(far if to_host else near, packet)
