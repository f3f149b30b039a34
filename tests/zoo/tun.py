"""A model host behind a TUN device, in a process of its own: the kernel routes to it as to any machine."""

from __future__ import annotations

import fcntl
import heapq
import itertools
import multiprocessing
import os
import select
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe

from probe.spec.segment import Endpoint
from probe.wire.craft import pack
from probe.wire.decode import Decoded, unpack
from tests.zoo.connection import Application
from tests.zoo.host import EndedError, Host
from tests.zoo.traits import Traits

ADDRESSES = {4: "10.99.0.2", 6: "fd99::2"}
PORT = 7000
Ports = Mapping[int, Callable[[], Application] | None]
Arrivals = list[tuple[float, bytes]]
Wire = Callable[[bytes, bool, float], Arrivals]
"""What a path does with a packet (True: to the host): when it arrives, and as what; nothing where it is lost."""

_NEAR = {4: "10.99.0.1", 6: "fd99::1"}
_TUNSETIFF = 0x400454CA  # linux/if_tun.h
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_NODAD = 0x02  # linux/if_addr.h: use an IPv6 address at once
_LEAST_IPV6 = 1280  # RFC 8200 section 5
_READY = 15.0
"""Seconds until a host is up; a loaded machine keeps that."""


def straight(packet: bytes, to_host: bool, now: float) -> Arrivals:
    """A wire that changes nothing."""
    return [(now, packet)]


@contextmanager
def serving(
    traits: Traits | None = None, ports: Ports | None = None, wire: Wire = straight, *, mtu: int = 1500
) -> Iterator[dict[int, Endpoint]]:
    """A host in a process of its own: IP version -> where port 7000 is. It needs a private network namespace.

    ``ports`` maps ports to what makes their applications (None: `probe target`), port 7000 alone without it.
    """
    host = Host(traits or Traits(), dict(ports or {PORT: None}))
    with process(_serve, host, Way(wire), mtu):
        yield {version: Endpoint(address, PORT) for version, address in ADDRESSES.items()}


@contextmanager
def process(runs: Callable[..., None], *args: object) -> Iterator[None]:
    """``runs(*args, told)`` in a process of its own: it sends a word when it is ready, and ends when ``told`` does."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run, args=(runs, args, theirs, ours), daemon=True)
    child.start()
    theirs.close()
    try:
        assert ours.poll(_READY), "the model host did not come up"
        ours.recv()
        yield
    finally:
        ours.close()  # which ends it
        child.join(_READY)
        if child.is_alive():
            child.kill()
            child.join()


def _run(runs: Callable[..., None], args: tuple[object, ...], told: Pipe, parents: Pipe) -> None:
    parents.close()  # or the end of the test would not be noticed
    runs(*args, told)


class Way:
    """What is on the way between two ends, and until when."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._packets: list[tuple[float, int, bool, bytes]] = []
        self._serial = itertools.count()

    def put(self, packet: bytes, to_host: bool, now: float) -> None:
        """A packet sets out."""
        for at, changed in self._wire(packet, to_host, now):
            heapq.heappush(self._packets, (at, next(self._serial), to_host, changed))

    def arrived(self, now: float) -> Iterator[tuple[bool, bytes]]:
        """What has come to an end by now: whether it is the host's, and the packet."""
        while self._packets and self._packets[0][0] <= now:
            _, _, to_host, packet = heapq.heappop(self._packets)
            yield to_host, packet

    @property
    def next(self) -> float | None:
        """When the next one arrives."""
        return self._packets[0][0] if self._packets else None


def _serve(host: Host, way: Way, mtu: int, told: Pipe) -> None:
    tun = device(f"zoo{os.getpid()}", mtu, _NEAR, ADDRESSES)
    told.send("ready")
    with suppress(EndedError):  # and the device goes with it
        while True:
            if told.fileno() in waited([tun, told.fileno()], [way.next, host.wakes_at]):
                return  # the other end has gone
            now = time.monotonic()
            for packet in packets(tun):
                way.put(packet, True, now)
            for to_host, packet in way.arrived(now):
                if not to_host:
                    os.write(tun, packet)
                    continue
                found = unpack(packet)
                if isinstance(found, Decoded):
                    for flow, segment in host.receive(found.flow.reversed(), found.segment, now):
                        way.put(pack(flow, segment), False, now)
            for flow, segment in host.woken(now):
                way.put(pack(flow, segment), False, now)


def waited(descriptors: list[int], moments: list[float | None]) -> list[int]:
    """The descriptors that can be read, at the latest at the first of these moments of ``time.monotonic``."""
    known = [m for m in moments if m is not None]
    wait = max(0.0, min(known) - time.monotonic()) if known else None
    return select.select(descriptors, [], [], wait)[0]


def device(name: str, mtu: int, ours: Mapping[int, str], theirs: Mapping[int, str]) -> int:
    """A TUN device with our addresses and routes to theirs, by IP version."""
    from pyroute2 import IPRoute

    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    with IPRoute() as route:
        index = route.link_lookup(ifname=name)[0]
        route.link("set", index=index, state="up", mtu=mtu)
        for version, length in ((4, 32), (6, 128)):
            if version == 6 and mtu < _LEAST_IPV6:
                continue
            flags = {"flags": _NODAD} if version == 6 else {}
            route.addr("add", index=index, address=ours[version], prefixlen=length, **flags)
            route.route("add", dst=f"{theirs[version]}/{length}", oif=index)
    return tun


def packets(tun: int) -> Iterator[bytes]:
    """Those that have come to the device."""
    with suppress(BlockingIOError):
        while True:
            yield os.read(tun, 65536)
