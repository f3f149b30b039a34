"""Paths of every kind between tester and host: loss, order, delay, a narrow line, middleboxes. Seeded: runs repeat.

Each function gives a new ``Wire``: what becomes of an IP packet, when it arrives, and as what.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable
from dataclasses import replace

from probe.spec.segment import ACK, MSS, SYN, TIMESTAMPS, Flow, Option, Segment
from probe.wire.craft import pack
from probe.wire.decode import Decoded, unpack
from tests.zoo.tun import Arrivals, Wire


def losing(percent: float, seed: int = 1) -> Wire:
    """Each packet is lost with this chance."""
    drawn = random.Random(seed)

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        return [] if drawn.random() * 100 < percent else [(now, packet)]

    return wire


def reordering(percent: float = 20, by: float = 0.01, seed: int = 1) -> Wire:
    """Some packets take longer than those behind them."""
    drawn = random.Random(seed)

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        return [(now + (by if drawn.random() * 100 < percent else 0.0), packet)]

    return wire


def duplicating(percent: float = 20, after: float = 0.005, seed: int = 1) -> Wire:
    """Some packets arrive twice."""
    drawn = random.Random(seed)

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        copies = [(now, packet), (now + after, packet)]
        return copies if drawn.random() * 100 < percent else copies[:1]

    return wire


def doubling_syn_acks(after: float = 0.005) -> Wire:
    """Every SYN,ACK arrives twice."""

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        found = unpack(packet)
        twice = isinstance(found, Decoded) and found.segment.has(SYN | ACK)
        return [(now, packet), (now + after, packet)] if twice and not to_host else [(now, packet)]

    return wire


def dropping_flag(flag: int, *directions: bool) -> Wire:
    """What has the flag vanishes in these directions (True: towards the host)."""

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        found = unpack(packet)
        has = isinstance(found, Decoded) and found.segment.flags & flag
        return [] if has and to_host in directions else [(now, packet)]

    return wire


def asleep(seconds: float) -> Wire:
    """A host that must wake up: nothing reaches it so soon after the first packet for it."""
    began: list[float] = []

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        if to_host and not began:
            began.append(now)
        return [] if to_host and now < began[0] + seconds else [(now, packet)]

    return wire


def dropping_acks(every: int = 8) -> Wire:
    """A queue towards us that drops bare ACKs now and then: later ones say as much."""
    count = itertools.count(1)

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        found = unpack(packet)
        bare = isinstance(found, Decoded) and found.segment.flags == ACK and not found.segment.length
        return [] if bare and not to_host and not next(count) % every else [(now, packet)]

    return wire


def delaying(seconds: float, jitter: float = 0.0, seed: int = 1) -> Wire:
    """A long line: so much later, in order."""
    drawn = random.Random(seed)
    last = {True: 0.0, False: 0.0}

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        last[to_host] = max(last[to_host], now + seconds + drawn.random() * jitter)
        return [(last[to_host], packet)]

    return wire


def narrow(octets_a_second: float) -> Wire:
    """A slow line with an endless queue."""
    free = {True: 0.0, False: 0.0}

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        free[to_host] = max(free[to_host], now) + len(packet) / octets_a_second
        return [(free[to_host], packet)]

    return wire


def black_hole(mtu: int) -> Wire:
    """What is larger vanishes, and no ICMP says so (RFC 2923)."""
    return lambda packet, to_host, now: [(now, packet)] if len(packet) <= mtu else []


def spoiling(percent: float, seed: int = 1) -> Wire:
    """Some packets arrive with one octet of their text or their urgent pointer changed: the checksum is wrong then."""
    drawn = random.Random(seed)

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        if drawn.random() * 100 >= percent:
            return [(now, packet)]
        return [(now, packet[:-1] + bytes([packet[-1] ^ 0x5A]))]

    return wire


def first_syn_lost(*, to_host: bool) -> Wire:
    """The first SYN of every connection in that direction is lost: what is seen is a repetition already."""
    met: set[bytes] = set()

    def changed(flow: Flow, segment: Segment, towards_host: bool) -> Segment | None:
        if towards_host is not to_host or segment.flags & SYN == 0 or segment.ack:
            return segment
        known = f"{flow} {segment.seq}".encode()
        if known in met:
            return segment
        met.add(known)
        return None

    return _rewriting(changed)


def stripping(*kinds: int) -> Wire:
    """A middlebox that takes options out of SYNs; without ``kinds`` all but the MSS."""

    def changed(flow: Flow, segment: Segment, to_host: bool) -> Segment:
        if not segment.flags & SYN or any(o.fault for o in segment.options):
            return segment
        kept = (o for o in segment.options if (o.kind not in kinds if kinds else o.kind == MSS))
        return replace(segment, options=tuple(kept))

    return _rewriting(changed)


def clamping(mss: int) -> Wire:
    """A router that lowers the MSS of SYNs to what its line carries."""

    def clamped(option: Option) -> Option:
        told = int.from_bytes(option.data, "big")
        known = option.kind == MSS and not option.fault and len(option.data) == 2
        return Option(MSS, min(told, mss).to_bytes(2, "big")) if known else option

    def changed(flow: Flow, segment: Segment, to_host: bool) -> Segment:
        if not segment.flags & SYN:
            return segment
        return replace(segment, options=tuple(clamped(o) for o in segment.options))

    return _rewriting(changed)


def renumbering(seed: int = 1) -> Wire:
    """A firewall that gives the host's connections initial numbers of its own (Cisco PIX)."""
    drawn = random.Random(seed)
    shifts: dict[Flow, int] = {}

    def changed(flow: Flow, segment: Segment, to_host: bool) -> Segment:
        own = flow.reversed() if to_host else flow
        if not to_host and segment.flags & SYN and own not in shifts:
            shifts[own] = drawn.getrandbits(32)
        shift = shifts.get(own, 0)
        if to_host:
            return replace(segment, ack=segment.ack + -shift % 2**32) if segment.flags & ACK else segment
        return replace(segment, seq=segment.seq + shift)

    return _rewriting(changed)


def restamping(shift: int = 1 << 31) -> Wire:
    """A translator that shifts the host's timestamps, so that they tell nothing of it."""

    def moved(option: Option, place: int, by: int) -> Option:
        if option.kind != TIMESTAMPS or option.fault or len(option.data) != 8:
            return option
        value = int.from_bytes(option.data[place : place + 4], "big")
        changed = ((value + by) % 2**32).to_bytes(4, "big") if value else option.data[place : place + 4]
        return Option(TIMESTAMPS, option.data[:place] + changed + option.data[place + 4 :])

    def changed(flow: Flow, segment: Segment, to_host: bool) -> Segment:
        place, by = (4, -shift) if to_host else (0, shift)
        return replace(segment, options=tuple(moved(o, place, by) for o in segment.options))

    return _rewriting(changed)


def hop_limited(hops: int) -> Wire:
    """What the host sends arrives with a hop limit that has nearly run out."""

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        if to_host:
            return [(now, packet)]
        if packet[0] >> 4 == 6:
            return [(now, packet[:7] + bytes([hops]) + packet[8:])]
        # RFC 1624: the header's sum is corrected by what the field changed.
        header = bytearray(packet[:20])
        header[8], header[10:12] = hops, b"\0\0"
        total = sum(struct.unpack("!10H", header))
        total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into("!H", header, 10, ~(total + (total >> 16)) & 0xFFFF)
        return [(now, bytes(header) + packet[20:])]

    return wire


def both(one: Wire, other: Wire) -> Wire:
    """One path behind the other."""

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        return [arrival for at, passed in one(packet, to_host, now) for arrival in other(passed, to_host, at)]

    return wire


def _rewriting(changed: Callable[[Flow, Segment, bool], Segment | None]) -> Wire:
    """A path with a box that reads and writes segments anew; what it cannot read goes through as it is."""

    def wire(packet: bytes, to_host: bool, now: float) -> Arrivals:
        found = unpack(packet)
        if not isinstance(found, Decoded):
            return [(now, packet)]
        segment = changed(found.flow, found.segment, to_host)
        if segment is None:
            return []
        return [(now, packet if segment is found.segment else pack(found.flow, segment))]

    return wire
