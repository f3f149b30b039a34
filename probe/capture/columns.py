"""A batch of records to columns: one entry for each TCP segment, in the order of the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from socket import IPPROTO_TCP

import numpy as np
from numpy.typing import NDArray

from probe.capture.batch import Batch, Int64
from probe.capture.fields import FAMILIES, Bools, Family, Rows, flows, gather, ordinary
from probe.capture.links import locate
from probe.capture.tables import Addresses
from probe.spec.segment import Segment
from probe.wire.decode import EXTENSION_HEADERS, Skipped, unpack

_PROTOCOLS = {1: "ICMP", 2: "IGMP", 17: "UDP", 33: "DCCP", 41: "IPv6 in IPv4", 47: "GRE", 50: "ESP", 51: "AH",
              58: "ICMPv6", 59: "no payload", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP", 4: "IPv4 in IP",
              136: "UDP-Lite"}  # fmt: skip
_CUT_OFF = "cut off before the end of the IP or TCP header"
_REASONS = {"header cut off by the capture": _CUT_OFF}


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays with one entry for each TCP segment of a batch.

    ``record``: its index in the batch. ``flow`` is the same number for both directions and ``from_high`` tells them
    apart (see `Addresses`). ``length``: payload octets sent, however few were captured. ``options``: whether there
    are any. ``odd``: read by the exact decoder (IP options, extension headers, lengths that contradict each other).
    ``ip``, ``room``, ``wire``: where the IP header starts in the octets, and how many octets from there on were
    captured and sent. ``tcp``: where the TCP header starts; meaningless for odd ones.
    """

    record: Int64
    version: NDArray[np.uint8]
    flow: Int64
    from_high: Bools
    sport: NDArray[np.uint16]
    dport: NDArray[np.uint16]
    seq: NDArray[np.uint32]
    ack: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    window: NDArray[np.uint16]
    length: Int64
    options: Bools
    odd: Bools
    ip: Int64
    room: Int64
    wire: Int64
    tcp: Int64


class Extraction:
    """Reads the columns of one batch. ``skipped`` counts by reason the records that are no whole TCP segment."""

    def __init__(self, batch: Batch, addresses: Addresses) -> None:
        """``addresses`` grows by the pairs of addresses not seen before."""
        self._octets, self._addresses = batch.octets, addresses
        self.record, self._ip, self.skipped = locate(batch)
        before = self._ip - batch.at[self.record]
        self._room, self._wire = batch.captured[self.record] - before, batch.wire[self.record] - before
        self._rows = gather(batch.octets, self._ip)
        count = len(self.record)
        self._good, self._odd = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        self._numbers = {name: np.zeros(count, kind) for name, kind in _KINDS.items()}

    def columns(self) -> Columns:
        """The columns; call once."""
        left = np.ones(len(self.record), np.bool_)
        for family in FAMILIES:
            if left.any():
                left &= ~self._fast(family, left)
        if left.any():
            self._slow(np.flatnonzero(self._drop_foreign(left)))
        return self._chosen()
