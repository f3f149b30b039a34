"""Packets in tunnels, as Scapy builds them; what Scapy has not, octet by octet."""

from __future__ import annotations

import struct
from collections.abc import Callable

from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
from scapy.contrib.etherip import EtherIP
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.mpls import MPLS, EoMCW
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import GRE, GRE_PPTP, LLC, SNAP, Dot1Q, Dot3, Ether
from scapy.layers.ppp import HDLC, PPP, PPPoE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from tests.capture.build import version_of

FAR = {"src": "192.0.2.1", "dst": "192.0.2.2"}
FAR6 = {"src": "2001:db8:9::1", "dst": "2001:db8:9::2"}


def _kind(packet: bytes) -> int:
    return 0x0800 if version_of(packet) == 4 else 0x86DD


def _frame(packet: bytes) -> Packet:
    """In Ethernet, as a switch or a virtual machine sends it."""
    return Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b", type=_kind(packet)) / Raw(packet)


def _outside(inside: Packet) -> bytes:
    return bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inside)


def _ppp(packet: bytes) -> Packet:
    return PPP(proto=0x21 if version_of(packet) == 4 else 0x57) / Raw(packet)


def _snap(packet: bytes) -> Packet:
    return LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=_kind(packet)) / Raw(packet)


def _in_ip(packet: bytes) -> int:
    return 4 if version_of(packet) == 4 else 41


def _udp(port: int) -> Packet:
    return IP(**FAR) / UDP(sport=50000, dport=port, chksum=0)


def _nflog(order: str) -> Callable[[bytes], bytes]:
    """A header, the packet's number and mark, then the packet: lengths in the byte order of the machine."""

    def wrap(packet: bytes) -> bytes:
        family = 2 if version_of(packet) == 4 else 10
        told = struct.pack(f"{order}HH4s", 8, 1, b"\x08\0\0\0") + struct.pack(f"{order}HH3sx", 7, 10, b"ab\0")
        return struct.pack("!BBH", family, 0, 5) + told + struct.pack(f"{order}HH", 4 + len(packet), 9) + packet

    return wrap


ENCAPSULATIONS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "gre": (1, lambda p: _outside(IP(**FAR) / GRE(proto=_kind(p)) / Raw(p))),
    "gre with all it may have": (
        1,
        lambda p: _outside(IP(**FAR) / GRE(proto=_kind(p), chksum_present=1, key_present=1, seqnum_present=1) / Raw(p)),
    ),
    "gre in IPv6": (1, lambda p: _outside(IPv6(**FAR6) / GRE(proto=_kind(p)) / Raw(p))),
    "gre, bridged": (1, lambda p: _outside(IP(**FAR) / GRE(proto=0x6558) / _frame(p))),
    "pptp": (
        1,
        lambda p: _outside(IP(**FAR) / GRE_PPTP(seqnum_present=1, acknum_present=1, sequence_number=7) / _ppp(p)),
    ),
    "erspan I": (1, lambda p: _outside(IP(**FAR) / GRE(proto=0x88BE) / _frame(p))),
    "erspan II": (1, lambda p: _outside(IP(**FAR) / GRE(proto=0x88BE, seqnum_present=1) / ERSPAN_II() / _frame(p))),
    "erspan III": (1, lambda p: _outside(IP(**FAR) / GRE(proto=0x22EB, seqnum_present=1) / ERSPAN_III() / _frame(p))),
    "vxlan": (1, lambda p: _outside(_udp(4789) / VXLAN(vni=5) / _frame(p))),
    "vxlan in IPv6, tagged": (
        1,
        lambda p: bytes(
            Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
            / Dot1Q(vlan=5)
            / IPv6(**FAR6)
            / UDP(sport=50000, dport=4789)
            / VXLAN(vni=5)
            / _frame(p)
        ),
    ),
    "geneve": (1, lambda p: _outside(_udp(6081) / GENEVE(proto=0x6558, vni=5) / _frame(p))),
    "geneve with options, IP inside": (
        1,
        lambda p: _outside(
            _udp(6081) / GENEVE(proto=_kind(p), vni=5, options=[GeneveOptions(data=b"\0" * 8)]) / Raw(p)
        ),
    ),
    "gtp-u": (1, lambda p: _outside(_udp(2152) / GTP_U_Header(teid=7, gtp_type=255) / Raw(p))),
    "gtp-u with an extension": (
        1,
        lambda p: _outside(
            _udp(2152)
            / GTP_U_Header(teid=7, gtp_type=255, E=1, next_ex=0x85)
            / GTPPDUSessionContainer(type=0, QFI=1)
            / Raw(p)
        ),
    ),
    "mpls": (1, lambda p: _outside(MPLS(label=16, s=0) / MPLS(label=17, s=1) / Raw(p))),
    "mpls, bridged": (1, lambda p: _outside(MPLS(label=17, s=1) / EoMCW() / _frame(p))),
    "pppoe": (1, lambda p: _outside(PPPoE(sessionid=3) / _ppp(p))),
    "ip in ip": (1, lambda p: _outside(IP(**FAR, proto=_in_ip(p)) / Raw(p))),
    "in IPv6": (1, lambda p: _outside(IPv6(**FAR6, nh=_in_ip(p)) / Raw(p))),
    "etherip": (1, lambda p: _outside(IP(**FAR, proto=97) / EtherIP() / _frame(p))),
    "vxlan in gre": (1, lambda p: _outside(IP(**FAR) / GRE() / _udp(4789) / VXLAN(vni=1) / _frame(p))),
    "802.3": (1, lambda p: bytes(Dot3(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / _snap(p))),
    "ppp": (9, lambda p: bytes(_ppp(p))),
    "ppp with address": (9, lambda p: bytes(HDLC() / _ppp(p))),
    "ppp in hdlc": (50, lambda p: bytes(HDLC() / _ppp(p))),
    "cisco hdlc": (104, lambda p: struct.pack("!BBH", 0x0F, 0, _kind(p)) + p),
    "fddi": (10, lambda p: b"\x50" + bytes(6) + b"\2" + bytes(5) + bytes(_snap(p))),
    "nflog": (239, _nflog("<")),
    "nflog of a big-endian machine": (239, _nflog(">")),
}
"""By name the link type, and what makes a frame of an IP packet."""
