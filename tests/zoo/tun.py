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

_NEAR = {4: ("10.99.0.1", 32), 6: ("fd99::1", 128)}
_TUNSETIFF = 0x400454CA  # linux/if_tun.h
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_NODAD = 0x02  # linux/if_addr.h: use an IPv6 address at once
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
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    host = Host(traits or Traits(), dict(ports or {PORT: None}))
    process = context.Process(target=_runs, args=(host, wire, mtu, theirs, ours), daemon=True)
    process.start()
    theirs.close()
    try:
        assert ours.poll(_READY), "the model host did not come up"
        ours.recv()
        yield {version: Endpoint(address, PORT) for version, address in ADDRESSES.items()}
    finally:
        ours.close()  # which ends it
        process.join(_READY)
        if process.is_alive():
            process.kill()
            process.join()


def _runs(host: Host, wire: Wire, mtu: int, told: Pipe, parents: Pipe) -> None:
    with suppress(EndedError):  # and its device goes with it
        _serve(host, wire, mtu, told, parents)


def _serve(host: Host, wire: Wire, mtu: int, told: Pipe, parents: Pipe) -> None:
    parents.close()  # or the end of the test would not be noticed
    device = _device(f"zoo{os.getpid()}", mtu)
    told.send("ready")
    on_the_way: list[tuple[float, int, bool, bytes]] = []
    serial = itertools.count()

    def put(packet: bytes, to_host: bool, now: float) -> None:
        for at, changed in wire(packet, to_host, now):
            heapq.heappush(on_the_way, (at, next(serial), to_host, changed))

    while True:
        now = time.monotonic()
        moments = [m for m in (on_the_way[0][0] if on_the_way else None, host.wakes_at) if m is not None]
        wait = max(0.0, min(moments) - now) if moments else None
        ready, _, _ = select.select([device, told.fileno()], [], [], wait)
        if told.fileno() in ready:
            return  # the other end has gone
        now = time.monotonic()
        while (packet := _read(device)) is not None:
            put(packet, True, now)
        while on_the_way and on_the_way[0][0] <= now:
            _, _, to_host, packet = heapq.heappop(on_the_way)
            if not to_host:
                os.write(device, packet)
                continue
            found = unpack(packet)
            if isinstance(found, Decoded):
                for flow, segment in host.receive(found.flow.reversed(), found.segment, now):
                    put(pack(flow, segment), False, now)
        for flow, segment in host.woken(now):
            put(pack(flow, segment), False, now)


def _device(name: str, mtu: int) -> int:
    """A TUN device with routes to the host's addresses."""
    from pyroute2 import IPRoute

    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    with IPRoute() as route:
        index = route.link_lookup(ifname=name)[0]
        route.link("set", index=index, state="up", mtu=mtu)
        for version, (address, length) in _NEAR.items():
            flags = {"flags": _NODAD} if version == 6 else {}
            route.addr("add", index=index, address=address, prefixlen=length, **flags)
            route.route("add", dst=f"{ADDRESSES[version]}/{length}", oif=index)
    return device


def _read(device: int) -> bytes | None:
    """A packet, if there is one."""
    try:
        return os.read(device, 65536)
    except BlockingIOError:
        return None
