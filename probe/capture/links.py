"""Link types: where the IP header of each packet starts, and why a packet has none that can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from probe.capture.batch import NO_INTERFACE, NOT_A_PACKET, Batch, Int64, field16, field32

NULL, ETHERNET, LOOP, SLL, SLL2 = 0, 1, 108, 113, 276
RAW = (12, 14, 101, 228, 229)
_IPV4, _IPV6 = 0x0800, 0x86DD
_VLAN = (0x8100, 0x88A8, 0x9100, 0x9200)
_MAX_TAGS = 8
_FAMILIES = np.array([2, 10, 23, 24, 28, 30], np.int64)
"""AF_INET, and AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS."""
_NETLINK = 824

_ETHER_NAMES = {
    0x0806: "ARP", 0x8035: "RARP", 0x8847: "MPLS", 0x8848: "MPLS", 0x8863: "PPPoE discovery", 0x8864: "PPPoE",
    0x888E: "802.1X", 0x88CC: "LLDP", 0x88E5: "MACsec", 0x88F7: "PTP", 0x9000: "Ethernet loopback test",
    0x0004: "802.2 frame", 0x0001: "802.3 frame", **dict.fromkeys(_VLAN, f"more than {_MAX_TAGS} VLAN tags"),
}  # fmt: skip
_LINK_NAMES = {
    3: "AX.25", 6: "Token Ring", 7: "ARCNET", 8: "SLIP", 9: "PPP", 10: "FDDI", 50: "PPP over HDLC", 51: "PPPoE",
    104: "Cisco HDLC", 105: "802.11", 107: "Frame Relay", 117: "pflog", 119: "802.11 with Prism header",
    122: "IP over Fibre Channel", 127: "802.11 radiotap", 138: "IP over IEEE 1394", 147: "user 0", 149: "user 2",
    187: "Bluetooth HCI H4", 189: "USB", 192: "802.11 PPI", 195: "IEEE 802.15.4", 201: "Bluetooth HCI H4",
    220: "USB", 227: "CAN", 239: "nflog", 249: "USBPcap", 253: "netlink", 258: "PKTAP",
}  # fmt: skip
_NO_LINK = {
    NOT_A_PACKET: "not a packet (a log entry, system call or custom block)",
    NO_INTERFACE: "packet of an interface that the file does not describe",
}


def locate(batch: Batch) -> tuple[Int64, Int64, Counter[str]]:
    """(rows of the batch, where the IP header of each starts, how many of the other rows by reason)."""
    skipped: Counter[str] = Counter()
    first = int(batch.link[0]) if len(batch) else ETHERNET
    if (batch.link == first).all():
        groups = {first: np.arange(len(batch))}
    else:
        groups = {int(link): np.flatnonzero(batch.link == link) for link in np.unique(batch.link)}
    found = [_of_link(batch, link, rows, skipped) for link, rows in groups.items()]
    rows = np.concatenate([rows for rows, _ in found])
    ip = np.concatenate([ip for _, ip in found])
    if len(found) > 1:
        order = np.argsort(rows, kind="stable")
        rows, ip = rows[order], ip[order]
    return rows, ip, skipped


def _of_link(batch: Batch, link: int, rows: Int64, skipped: Counter[str]) -> tuple[Int64, Int64]:
    """(rows, where their IP header starts) of packets that share a link type."""
    if link in RAW:
        return rows, batch.at[rows]
    if link in (NULL, LOOP):
        # Four octets of address family, in the byte order of whatever machine captured.
        rows = _long_enough(batch, rows, 4, skipped)
        family = field32(batch.octets, batch.at[rows])
        good = np.isin(family, _FAMILIES) | np.isin(family, _FAMILIES << 24)
        _count(family[~good], lambda _: "loopback packet that is not IP", skipped)
        return rows[good], batch.at[rows[good]] + 4
    header = {ETHERNET: (14, 12), SLL: (16, 14), SLL2: (20, 0)}.get(link)
    if header is None:
        name = f" ({_LINK_NAMES[link]})" if link in _LINK_NAMES else ""
        skipped[_NO_LINK.get(link, f"link type {link}{name} is not supported")] += len(rows)
        return rows[:0], rows[:0]
    size, kind_at = header
    rows = _long_enough(batch, rows, size, skipped)
    at = batch.at[rows]
    if link != ETHERNET:  # Linux "cooked" packets of netlink: their protocol field holds no Ethernet type
        netlink = field16(batch.octets, at + (2 if link == SLL else 8)) == _NETLINK
        if netlink.any():
            skipped["netlink"] += int(netlink.sum())
            rows, at = rows[~netlink], at[~netlink]
    return _ethertype(batch, rows, at + size, field16(batch.octets, at + kind_at), skipped)


def _long_enough(batch: Batch, rows: Int64, size: int, skipped: Counter[str]) -> Int64:
    enough = batch.captured[rows] >= size
    if enough.all():
        return rows
    skipped["cut off before the IP header"] += int(len(rows) - enough.sum())
    return rows[enough]


def _ethertype(batch: Batch, rows: Int64, at: Int64, kind: Int64, skipped: Counter[str]) -> tuple[Int64, Int64]:
    """Step over VLAN tags (802.1Q, QinQ and its older types) and keep what is IP."""
    if (kind == _IPV4).all():
        return rows, at
    for _ in range(_MAX_TAGS):
        tagged = (kind != _IPV4) & np.isin(kind, _VLAN)
        if not tagged.any():
            break
        kind = np.where(tagged, field16(batch.octets, at + 2), kind)
        at = np.where(tagged, at + 4, at)
    cut = at > batch.at[rows] + batch.captured[rows]
    if cut.any():
        skipped["cut off before the IP header"] += int(cut.sum())
        rows, at, kind = rows[~cut], at[~cut], kind[~cut]
    good = (kind == _IPV4) | (kind == _IPV6)
    if not good.all():
        others = kind[~good]
        _count(
            others, lambda k: _ETHER_NAMES.get(k, "802.3 frame" if k < 0x600 else f"Ethernet type {k:#06x}"), skipped
        )
        rows, at = rows[good], at[good]
    return rows, at


def _count(numbers: Int64, reason: Callable[[int], str], skipped: Counter[str]) -> None:
    for number, count in zip(*np.unique(numbers, return_counts=True), strict=True):
        skipped[reason(int(number))] += int(count)
