"""What stands before an IP header: link types, tags, tunnels; a table of layers, stepped over for all packets at once.

A packet is at a place and of a *kind*: a number that names what begins there, in the terms of the header before it
(``ETHER + 0x0800``, ``PROTOCOL + 47``). Each layer of the table steps from its kind to the next one. What leads to no
IP header is counted by the name of the kind it came to. The fields are those of:

Ethernet, 802.1Q and QinQ, LLC and SNAP (IEEE 802, RFC 1042), FDDI (RFC 1390), MPLS (RFC 3032, RFC 4385), PPPoE
(RFC 2516), PPP and its HDLC framing (RFC 1661, RFC 1662), GRE (RFC 2784, RFC 2890, RFC 2637), ERSPAN
(draft-foschiano-erspan-03), IP in IP (RFC 2003), 6in4 (RFC 4213), MPLS in IP (RFC 4023), EtherIP (RFC 3378), VXLAN
(RFC 7348), VXLAN-GPE, GENEVE (RFC 8926), GTP-U (3GPP TS 29.281); the link types' own are described at tcpdump.org.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from probe.capture.batch import NO_INTERFACE, NOT_A_PACKET, Batch, Int64, field16, field32
from probe.capture.window import Octets

_SPACE = 1 << 16
LINK, ETHER, PROTOCOL, PPP, PORT, OWN = (place * _SPACE for place in range(6))
"""Kinds: link types, Ethernet types, IP protocols, PPP protocols, UDP ports to which tunnels run, and our own."""
ETHERNET = LINK + 1
IP, LLC, SNAP, PPP_FRAME, PSEUDOWIRE = range(OWN, OWN + 5)
NOT_LLC, NO_FAMILY, NETLINK, ROUTED, NOT_A_TUNNEL, NOT_A_PACKET_EITHER = range(OWN + 5, OWN + 11)
_MPLS = ETHER + 0x8847
_UDP = PROTOCOL + 17
_MOST = 16
"""Headers stepped over before an IP header."""
_VLAN = (0x8100, 0x88A8, 0x9100, 0x9200)
_FAMILIES = np.array([2, 10, 23, 24, 28, 30], np.int64)
"""AF_INET, and AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS."""
_ARPHRD_NETLINK = 824
_NFULA_PAYLOAD = 9
_EXTENSIONS = 8
"""Extension headers of GTP-U that are stepped over."""

Step = Callable[[Octets, Int64, Int64], tuple[Int64, Int64]]
"""(octets, where each layer starts, where what was captured ends) -> (where the next one starts, its kind)."""


class Layer(NamedTuple):
    """A header: the octets that must be there, and how to step over it."""

    size: int
    step: Step


class _Alike(NamedTuple):
    """Packets that have come to one kind: which, where each is, and where what was captured of it ends."""

    kind: int
    which: Int64
    at: Int64
    end: Int64


def walk(octets: Octets, at: Int64, kind: Int64, end: Int64, skipped: Counter[str]) -> tuple[Int64, Int64]:
    """(which of the packets come to an IP header, where it starts); the others are counted by reason.

    Packet ``n`` is at ``at[n]``, of kind ``kind[n]``, and captured up to ``end[n]``.
    """
    found: list[_Alike] = []
    todo = _alike(np.arange(len(at)), at, kind, end)
    for depth in range(_MOST + 1):
        going: list[_Alike] = []
        for some in todo:
            layer = LAYERS.get(some.kind)
            if layer is None or (depth == _MOST and some.kind != IP):
                skipped[_name(some.kind) if layer is None else _TOO_MANY] += len(some.which)
                continue
            there = some.at + layer.size <= some.end
            if not there.all():
                in_ip = PROTOCOL <= some.kind < PPP or PORT <= some.kind < OWN
                skipped[_name(some.kind) if in_ip else _CUT] += int(len(there) - there.sum())
                some = _Alike(some.kind, *(column[there] for column in some[1:]))  # noqa: PLW2901
            if some.kind == IP:
                found.append(some)
            else:
                going += _alike(some.which, *layer.step(octets, some.at, some.end), some.end)
        todo = going
    if len(found) == 1:
        return found[0].which, found[0].at
    which = np.concatenate([np.zeros(0, np.int64), *(some.which for some in found)])
    places = np.concatenate([np.zeros(0, np.int64), *(some.at for some in found)])
    order = np.argsort(which, kind="stable")
    return which[order], places[order]


def _alike(which: Int64, at: Int64, kind: Int64, end: Int64) -> list[_Alike]:
    """The packets by kind; nearly always there is but one."""
    if not len(which):
        return []
    first = int(kind[0])
    if (kind == first).all():
        return [_Alike(first, which, at, end)]
    groups = ((int(one), kind == one) for one in np.unique(kind))
    return [_Alike(one, which[some], at[some], end[some]) for one, some in groups]


def locate(batch: Batch) -> tuple[Int64, Int64, Counter[str]]:
    """(rows of the batch, where the IP header of each starts, how many of the other rows by reason)."""
    skipped: Counter[str] = Counter()
    rows, ip = walk(batch.octets, batch.at, batch.link, batch.at + batch.captured, skipped)
    return rows, ip, skipped


# -- steps -------------------------------------------------------------------------------------------------------------


def _ethertype(kind: Int64) -> Int64:
    """An Ethernet type; below 0x600 it is a length, and LLC follows (IEEE 802.3)."""
    return np.where(kind < 0x600, LLC, ETHER + kind)


def _typed(size: int, field: int) -> Step:
    """A header with an Ethernet type at ``field``."""
    return lambda octets, at, end: (at + size, _ethertype(field16(octets, at + field)))


def _always(size: int, kind: int) -> Step:
    """A header that only one kind follows."""
    return lambda octets, at, end: (at + size, np.full(len(at), kind))


def _cooked(size: int, protocol: int, hardware: int) -> Step:
    """Linux "cooked" packets; those of netlink hold no Ethernet type."""

    def step(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
        netlink = field16(octets, at + hardware) == _ARPHRD_NETLINK
        return at + size, np.where(netlink, NETLINK, ETHER + field16(octets, at + protocol))

    return step


def _loopback(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    """Four octets of address family, in the byte order of whatever machine captured."""
    family = field32(octets, at)
    good = np.isin(family, _FAMILIES) | np.isin(family, _FAMILIES << 24)
    return at + 4, np.where(good, IP, NO_FAMILY)


def _llc(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    saps, control = field16(octets, at), octets[at + 2]
    snap, ip = (saps == 0xAAAA) & (control == 3), (saps == 0x0606) & (control == 3)
    return at + 3, np.where(snap, SNAP, np.where(ip, IP, NOT_LLC))


def _snap(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    organisation = octets[at].astype(np.int64) << 16 | field16(octets, at + 1)
    return at + 5, np.where(np.isin(organisation, (0, 0xF8)), ETHER + field16(octets, at + 3), NOT_LLC)


def _mpls(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    """A label; what is below the last one is told by its first four bits, as nothing else tells it (RFC 4385)."""
    last, version = octets[at + 2] & 1, octets[at + 4] >> 4
    below = np.where(np.isin(version, (4, 6)), IP, np.where(version == 0, PSEUDOWIRE, ETHERNET))
    return at + 4, np.where(last == 1, below, _MPLS)


def _ppp(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    """Address and control may be left out, and so may the upper half of the protocol (RFC 1661 section 6.5, 6.6)."""
    at = at + np.where((octets[at + 1] == 3) & np.isin(octets[at], (0xFF, 0, 1)), 2, 0)
    short = octets[at] & 1 == 1
    return at + np.where(short, 1, 2), PPP + np.where(short, octets[at], field16(octets, at))


def _hdlc(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    """PPP in HDLC framing, or Cisco's HDLC (RFC 1547 section 4.3.1), which has addresses of its own."""
    cisco = np.isin(octets[at], (0x0F, 0x8F))
    return at, np.where(cisco, LINK + 104, PPP_FRAME)


def _gre(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    flags, kind = field16(octets, at), ETHER + field16(octets, at + 2)
    bit = {name: flags >> place & 1 for name, place in {"C": 15, "R": 14, "K": 13, "S": 12, "A": 7}.items()}
    enhanced = flags & 7 == 1  # of PPTP: the key is always there
    size = np.where(enhanced, 8 + 4 * (bit["S"] + bit["A"]), 4 + 4 * (bit["C"] + bit["K"] + bit["S"]))
    # ERSPAN's first type has no header of its own, and no sequence number.
    kind = np.where((kind == ETHER + 0x88BE) & (bit["S"] == 0), ETHERNET, kind)
    return at + size, np.where((bit["R"] == 1) & ~enhanced, ROUTED, kind)


def _erspan3(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    told = field16(octets, at + 10)
    return at + 12 + 8 * (told & 1), np.where(told >> 10 & 31 == 2, IP, ETHERNET)


def _vxlan(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    return at + 8, np.where(octets[at] & 8, ETHERNET, NOT_A_TUNNEL)


def _vxlan_gpe(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    following = octets[at + 3]
    return at + 8, np.where(following == 3, ETHERNET, np.where(np.isin(following, (1, 2)), IP, NOT_A_TUNNEL))


def _geneve(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    first = octets[at].astype(np.int64)
    return at + 8 + (first & 63) * 4, np.where(first >> 6, NOT_A_TUNNEL, ETHER + field16(octets, at + 2))


def _gtp_u(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    """Of its messages only the one that carries a packet; extension headers form a chain (section 5.2)."""
    packet = (octets[at] & 0xF0 == 0x30) & (octets[at + 1] == 255)
    more, optional = octets[at] & 4 != 0, octets[at] & 7 != 0
    following, last = np.where(more, octets[at + 11], 0), at
    at = at + np.where(optional, 12, 8)
    for _ in range(_EXTENSIONS):
        more = (following != 0) & (at < end)
        size = np.where(more, octets[np.minimum(at, end)].astype(np.int64) * 4, 0)
        at = at + size
        last = np.minimum(at - 1, end)
        following = np.where(more & (size > 0), octets[last], 0)
    return at, np.where(packet & (following == 0), IP, NOT_A_TUNNEL)


def _nflog(octets: Octets, at: Int64, end: Int64) -> tuple[Int64, Int64]:
    """Attributes in the byte order of the machine that captured, the packet itself one of them."""
    at = at + 4
    little = field16(octets, at, "<") < field16(octets, at, ">")
    kind = np.full(len(at), NOT_A_PACKET_EITHER)
    for _ in range(32):
        going = (kind == NOT_A_PACKET_EITHER) & (at + 4 <= end)
        if not going.any():
            break
        here = np.where(going, at, end)
        size, attribute = (
            np.where(little, field16(octets, here + place, "<"), field16(octets, here + place, ">")) for place in (0, 2)
        )
        payload = going & (attribute & 0x7FFF == _NFULA_PAYLOAD)
        kind[payload] = IP
        at = at + np.where(payload, 4, np.where(going, np.maximum(size + 3 & ~3, 4), 0))
    return at, kind


LAYERS: dict[int, Layer] = {
    IP: Layer(0, _always(0, IP)),  # there it ends
    ETHERNET: Layer(14, _typed(14, 12)),
    **{LINK + link: Layer(0, _always(0, IP)) for link in (12, 14, 101, 228, 229)},  # raw IP
    **{LINK + link: Layer(4, _loopback) for link in (0, 108)},
    LINK + 113: Layer(16, _cooked(16, 14, 2)),
    LINK + 276: Layer(20, _cooked(20, 0, 8)),
    LINK + 10: Layer(13, _always(13, LLC)),  # FDDI
    LINK + 9: Layer(0, _always(0, PPP_FRAME)),
    LINK + 166: Layer(0, _always(0, PPP_FRAME)),  # pppd, whose first octet is the direction
    LINK + 50: Layer(1, _hdlc),
    LINK + 104: Layer(4, _typed(4, 2)),
    LINK + 51: Layer(6, _always(6, PPP_FRAME)),
    LINK + 239: Layer(8, _nflog),
    **{ETHER + tag: Layer(4, _typed(4, 2)) for tag in _VLAN},
    ETHER + 0x0800: Layer(0, _always(0, IP)),
    ETHER + 0x86DD: Layer(0, _always(0, IP)),
    ETHER + 0x0004: Layer(0, _always(0, LLC)),  # how Linux names 802.2 in cooked packets
    _MPLS: Layer(4, _mpls),
    ETHER + 0x8848: Layer(4, _mpls),
    ETHER + 0x8864: Layer(6, _always(6, PPP_FRAME)),  # PPPoE
    ETHER + 0x880B: Layer(0, _always(0, PPP_FRAME)),  # in GRE: PPTP
    ETHER + 0x6558: Layer(0, _always(0, ETHERNET)),  # transparent bridging
    ETHER + 0x88BE: Layer(8, _always(8, ETHERNET)),  # ERSPAN
    ETHER + 0x22EB: Layer(12, _erspan3),
    LLC: Layer(3, _llc),
    SNAP: Layer(5, _snap),
    PPP_FRAME: Layer(2, _ppp),
    PSEUDOWIRE: Layer(4, _always(4, ETHERNET)),
    PPP + 0x21: Layer(0, _always(0, IP)),
    PPP + 0x57: Layer(0, _always(0, IP)),
    PPP + 0x281: Layer(4, _mpls),
    PROTOCOL + 4: Layer(0, _always(0, IP)),
    PROTOCOL + 41: Layer(0, _always(0, IP)),
    PROTOCOL + 47: Layer(4, _gre),
    PROTOCOL + 97: Layer(2, _always(2, ETHERNET)),  # EtherIP
    PROTOCOL + 137: Layer(4, _mpls),
    _UDP: Layer(8, lambda octets, at, end: (at + 8, PORT + field16(octets, at + 2))),
    PORT + 4789: Layer(8, _vxlan),
    PORT + 8472: Layer(8, _vxlan),  # Linux, before the port was assigned
    PORT + 4790: Layer(8, _vxlan_gpe),
    PORT + 6081: Layer(8, _geneve),
    PORT + 2152: Layer(8, _gtp_u),
}
TUNNELS = np.array([kind - PROTOCOL for kind in LAYERS if PROTOCOL <= kind < PPP], np.int64)
"""IP protocols that may lead to another IP header."""

# -- names -------------------------------------------------------------------------------------------------------------

_CUT = "cut off before the IP header"
_TOO_MANY = f"more than {_MOST} headers before the IP header"
_ETHER_NAMES = {
    0x0806: "ARP", 0x8035: "RARP", 0x8863: "PPPoE discovery", 0x888E: "802.1X", 0x88CC: "LLDP", 0x88E5: "MACsec",
    0x88F7: "PTP", 0x9000: "Ethernet loopback test", 0x0001: "802.3 frame",
}  # fmt: skip
_LINK_NAMES = {
    3: "AX.25", 6: "Token Ring", 7: "ARCNET", 8: "SLIP", 105: "802.11", 107: "Frame Relay", 117: "pflog",
    119: "802.11 with Prism header", 122: "IP over Fibre Channel", 127: "802.11 radiotap", 138: "IP over IEEE 1394",
    147: "user 0", 149: "user 2", 187: "Bluetooth HCI H4", 189: "USB", 192: "802.11 PPI", 195: "IEEE 802.15.4",
    201: "Bluetooth HCI H4", 220: "USB", 227: "CAN", 249: "USBPcap", 253: "netlink", 258: "PKTAP",
}  # fmt: skip
_PROTOCOLS = {
    0: "IPv6 hop-by-hop", 1: "ICMP", 2: "IGMP", 4: "IPv4 in IP", 17: "UDP", 33: "DCCP", 41: "IPv6 in IP", 47: "GRE",
    50: "ESP", 51: "AH", 58: "ICMPv6", 59: "no next header", 89: "OSPF", 97: "EtherIP", 103: "PIM", 112: "VRRP",
    132: "SCTP", 136: "UDP-Lite", 137: "MPLS in IP",
}  # fmt: skip
_NAMES = {
    LINK + NOT_A_PACKET: "not a packet (a log entry, system call or custom block)",
    LINK + NO_INTERFACE: "packet of an interface that the file does not describe",
    NO_FAMILY: "loopback packet that is not IP",
    NETLINK: "netlink",
    NOT_LLC: "802.3 frame",
    ROUTED: "GRE with a source route",
    NOT_A_TUNNEL: "not TCP: UDP",
    NOT_A_PACKET_EITHER: "nflog entry without a packet",
}


def protocol_name(number: int) -> str:
    """Why a packet of this IP protocol is no TCP segment."""
    return f"not TCP: {_PROTOCOLS.get(number, f'IP protocol {number}')}"


def _name(kind: int) -> str:
    """Why a packet that came to this kind has no IP header that can be read."""
    space, number = kind // _SPACE * _SPACE, kind % _SPACE
    if kind in _NAMES:
        return _NAMES[kind]
    if space == ETHER:
        return _ETHER_NAMES.get(number, f"Ethernet type {number:#06x}")
    if space == PROTOCOL:
        return protocol_name(number)
    if space == PORT:
        return protocol_name(17)
    if space == PPP:
        return "PPP control" if number >= 0x8000 else f"PPP protocol {number:#06x}"
    return f"link type {kind}{f' ({_LINK_NAMES[number]})' if number in _LINK_NAMES else ''} is not supported"
