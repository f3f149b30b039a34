"""A Link over raw sockets: crafted segments out, everything the held ports see in, our own kernel kept silent.

``SeveralLinks`` joins one for each IP version.
"""

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence
from dataclasses import replace

from probe.spec.segment import Endpoint, Flow, Segment
from probe.wire.addresses import canonical, zone_suffix
from probe.wire.bpf import program
from probe.wire.craft import pack
from probe.wire.decode import Skipped, unpack, unpack_error
from probe.wire.errors import WireError
from probe.wire.guard import PortPool
from probe.wire.link import Arrival, Closing
from probe.wire.route import enslaved, find_route
from probe.wire.sender import Sender
from probe.wire.sniffer import Sighting, Sniffer, marked

_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, and guarded by a filter that lets nothing in
_LOOPBACK = "lo"
_REMEMBERED = 1 << 16
_SMALL = 536
"""Octets that a segment may always have (RFC 9293 section 3.7.1): how many it was merged from does not matter."""
_LONGEST = 60_000
"""Milliseconds that a look at several lines takes at most; poll counts in 31 bits."""


class RawLink(Closing):
    """The line to one peer, or, with ``remote`` None, to every peer that reaches the held ports.

    Ports come from ``pool``; only segments from or to a port it holds are reported. Needs CAP_NET_RAW, nothing else.
    """

    def __init__(
        self,
        remote: str | None,
        *,
        source: str | None = None,
        interface: str | None = None,
        pool: PortPool | None = None,
        ports: Sequence[int] = (),
        before: int = 0,
    ) -> None:
        """``remote`` and ``source`` are addresses (zone allowed); ``ports`` are held at once and alone looked at.

        Packets are numbered on from ``before``. A pool given stays the caller's. Raises TargetError or WireError.
        """
        route = find_route(remote, source=source, interface=interface) if remote else None
        self.source: str = route.source if route else canonical(source or _ANY[0])[0]
        where, peers = (route.interface, [route.remote]) if route else (interface, [])
        self._zone = zone_suffix(self.source, where)
        self._ignored: frozenset[str] = frozenset() if where else enslaved()
        self._unseen, self._number, self._marked = dict[bytes, int](), before, marked(where)
        self._sender = Sender(6 if ":" in self.source else 4, interface)
        self._owns_pool = pool is None
        self.pool: PortPool = PortPool(self.source + self._zone) if pool is None else pool
        try:
            # First of all: the kernel stamps packets a moment after it was asked. Its own ICMP errors come by loopback.
            self._sniffer = Sniffer(where, program(peers, ports))
            self._beside = Sniffer(_LOOPBACK, program(peers)) if route and not route.local else None
        except WireError:
            self._sender.close()
            if self._owns_pool:
                self.pool.close()
            raise
        self._poll = _poll(self.descriptors)
        try:
            for port in ports:
                self.pool.take(port)
            self._sniffer.drain()  # what our kernel refused at these ports until now is not part of the run
        except WireError:
            self.close()
            raise

    def send(self, flow: Flow, segment: Segment, hops: int = 0) -> None:
        """Put one segment on the wire from flow.local to flow.remote; WireError when it cannot leave.

        ``hops``: it ends at the router of that number (0: it goes all the way).
        """
        packet = pack(flow, segment)
        if hops:  # the kernel sums the header of IPv4 up again
            at = 7 if flow.version == 6 else 8
            packet = packet[:at] + bytes([hops]) + packet[at + 1 :]
        key = _trace(packet)
        self._unseen[key] = self._unseen.get(key, 0) + 1
        if len(self._unseen) > _REMEMBERED:  # never seen: dropped on the way out, by a firewall for one
            del self._unseen[next(iter(self._unseen))]
        try:
            self._sender.send(packet, flow.remote.address + self._zone)
        except WireError:
            self._claim(key)
            raise

    def receive(self, until: float) -> list[Arrival]:
        """Wait until something arrived or the monotonic time ``until`` passed; return all that is there.

        An empty list means that nothing that came before ``until`` is left unread.
        """
        while True:
            over = time.monotonic() >= until
            sightings = self._sniffer.drain() + self._sightings_beside()
            arrivals = [arrival for seen in sightings if (arrival := self._arrival(seen)) is not None]
            if arrivals or over:
                return arrivals
            self._poll.poll(_milliseconds(until))

    def dropped(self) -> int:
        """Packets the kernel had no room for, since the start."""
        return self._sniffer.dropped()

    @property
    def descriptors(self) -> list[int]:
        """Where something may arrive, for a poll of the caller's own; first the line itself."""
        return [sniffer.fileno() for sniffer in (self._sniffer, self._beside) if sniffer is not None]

    def close(self) -> None:
        """Close the sockets, and the pool unless it was given."""
        self._sender.close()
        self._sniffer.close()
        if self._beside is not None:
            self._beside.close()
        if self._owns_pool:
            self.pool.close()

    def _arrival(self, seen: Sighting) -> Arrival | None:
        """The sighting as the tester sees it; None where it concerns no held port."""
        if seen.interface in self._ignored:
            return None
        decoded = unpack(seen.packet, wire_length=seen.length, checksum=seen.checksum)
        if isinstance(decoded, Skipped):
            return self._error(seen)
        flow = decoded.flow
        from_us, to_us = self._is_ours(flow.local), self._is_ours(flow.remote)
        if not from_us and not to_us:
            return None
        own = from_us and self._claim(_trace(seen.packet))
        # Both ends held: only what we sent ourselves counts as ours.
        sent = own or not to_us
        self._number += 1
        segment = decoded.segment
        if segment.length > _SMALL and (seen.merged or not self._marked):
            segment = replace(segment, merged=True)  # it may be several; small ones are let be, whoever merged them
        return Arrival(seen.time, flow if sent else flow.reversed(), sent, own, segment, seen.packet, self._number)

    def _sightings_beside(self) -> list[Sighting]:
        """What came by the loopback device; where that is down nothing ever does."""
        try:
            return self._beside.drain() if self._beside else []
        except WireError:
            assert self._beside is not None
            self._poll.unregister(self._beside.fileno())
            self._beside.close()
            self._beside = None
            return []

    def _error(self, seen: Sighting) -> Arrival | None:
        """The sighting as an ICMP error about a segment of ours; None where it is none."""
        quoted = unpack_error(seen.packet)
        if quoted is None or not self._is_ours(quoted.flow.local):
            return None
        self._number += 1
        flow, segment = quoted.flow, quoted.segment
        return Arrival(seen.time, flow, False, False, segment, seen.packet, self._number, quoted.icmp)

    def _is_ours(self, endpoint: Endpoint) -> bool:
        anywhere = self.source in _ANY and (":" in endpoint.address) == (":" in self.source)
        return endpoint.port in self.pool and (anywhere or endpoint.address == self.source)

    def _claim(self, key: bytes) -> bool:
        """Whether we sent this and had not seen it yet; from now on it is seen."""
        count = self._unseen.get(key)
        if count is None:
            return False
        if count == 1:
            del self._unseen[key]
        else:
            self._unseen[key] = count - 1
        return True


def _trace(packet: bytes) -> bytes:
    """What stays the same on the way out: addresses and TCP, without what kernel or routers fill in before them."""
    return packet[8:] if packet[0] >> 4 == 6 else packet[12:]


def _poll(descriptors: Sequence[int]) -> select.poll:
    """Waits until something arrives on one of them."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return poll


def _milliseconds(until: float) -> int:
    """What a poll may take until that monotonic time."""
    return min(_LONGEST, max(0, math.ceil((until - time.monotonic()) * 1000)))


class SeveralLinks(Closing):
    """A Link over one RawLink for each IP version; what arrives is numbered in the order it was read."""

    def __init__(self, links: Sequence[RawLink]) -> None:
        """Takes the links over: they are closed with it."""
        self._links = {6 if ":" in link.source else 4: link for link in links}
        self._number = 0
        self._poll = _poll([descriptor for link in links for descriptor in link.descriptors])

    def send(self, flow: Flow, segment: Segment) -> None:
        """Put one segment on the wire of its IP version."""
        self._links[flow.local.version].send(flow, segment)

    def receive(self, until: float) -> list[Arrival]:
        """Wait until something arrived or the monotonic time ``until`` passed; return all that is there."""
        while True:
            over = time.monotonic() >= until
            found = [arrival for link in self._links.values() for arrival in link.receive(0)]
            if found or over:
                first, self._number = self._number + 1, self._number + len(found)
                return [replace(a, number=n) for n, a in enumerate(sorted(found, key=lambda a: a.time), first)]
            self._poll.poll(_milliseconds(until))

    def dropped(self) -> int:
        """Packets the kernel had no room for, on any of the lines."""
        return sum(link.dropped() for link in self._links.values())

    def close(self) -> None:
        """Close every line."""
        for link in self._links.values():
            link.close()
