"""ICMP errors: the filter lets them in, what they quote is read as far as it goes, and no bytes confuse the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror, TCPerror
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPerror6,
    IPv6,
    IPv6ExtHdrDestOpt,
)
from scapy.packet import Packet

from probe.spec.icmp import Icmp, IcmpKind
from probe.spec.segment import PSH, RST, SYN, Endpoint, Flow
from probe.wire.bpf import program
from probe.wire.decode import unpack_error
from tests.wire.bpf_machine import run

US, PEER, ROUTER = "192.0.2.1", "198.51.100.7", "203.0.113.254"
US6, PEER6, ROUTER6 = "2001:db8::1", "2001:db8:1::7", "2001:db8:2::fe"
FLOW = Flow(Endpoint(US, 40000), Endpoint(PEER, 80))
FLOW6 = Flow(Endpoint(US6, 40000), Endpoint(PEER6, 80))
OURS = IP(src=US, dst=PEER) / TCP(sport=40000, dport=80, seq=4000000000, flags="S", options=[("MSS", 1460)])
OURS6 = IPv6(src=US6, dst=PEER6) / TCP(sport=40000, dport=80, seq=7, flags="PA") / b"text"


def v4(kind: int, code: int, quoted: bytes = bytes(OURS), **fields: int) -> bytes:
    return bytes(IP(src=ROUTER, dst=US) / ICMP(type=kind, code=code, **fields) / quoted)


@pytest.mark.parametrize(
    ("kind", "code", "what", "words"),
    [
        (3, 0, IcmpKind.UNREACHABLE, "network unreachable"),
        (3, 1, IcmpKind.UNREACHABLE, "host unreachable"),
        (3, 3, IcmpKind.UNREACHABLE, "port unreachable"),
        (3, 13, IcmpKind.UNREACHABLE, "administratively prohibited"),
        (3, 99, IcmpKind.UNREACHABLE, "unreachable (code 99)"),
        (11, 0, IcmpKind.EXPIRED, "hop limit exceeded in transit"),
        (12, 0, IcmpKind.MALFORMED, "parameter problem"),
    ],
)
def test_ipv4(kind: int, code: int, what: IcmpKind, words: str) -> None:
    packet = v4(kind, code)
    found = unpack_error(packet)
    assert found is not None
    assert (found.icmp.kind, str(found.icmp)) == (what, f"{words}, says {ROUTER}")
    assert (found.flow, found.segment.seq, found.segment.flags) == (FLOW, 4000000000, SYN)
    assert run(program([PEER], [80]), packet)


def test_path_mtu() -> None:
    four = unpack_error(v4(3, 4, nexthopmtu=576))
    six = unpack_error(bytes(IPv6(src=ROUTER6, dst=US6) / ICMPv6PacketTooBig(mtu=1280) / bytes(OURS6)))
    assert four is not None
    assert six is not None
    assert (four.icmp, four.icmp.kind) == (Icmp(ROUTER, 4, 3, 4, 576), IcmpKind.TOO_BIG)
    assert (six.icmp, six.icmp.kind) == (Icmp(ROUTER6, 6, 2, 0, 1280), IcmpKind.TOO_BIG)
    assert str(four.icmp) == f"fragmentation needed, MTU 576, says {ROUTER}"
    assert str(six.icmp) == f"packet too big, MTU 1280, says {ROUTER6}"
    assert (six.flow, six.segment.seq, six.segment.flags & PSH) == (FLOW6, 7, PSH)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (ICMPv6DestUnreach(code=0), "no route to the destination"),
        (ICMPv6DestUnreach(code=1), "administratively prohibited"),
        (ICMPv6DestUnreach(code=3), "address unreachable"),
        (ICMPv6TimeExceeded(code=0), "hop limit exceeded in transit"),
    ],
)
@pytest.mark.parametrize("between", [None, IPv6ExtHdrDestOpt()])
def test_ipv6(made: Packet, words: str, between: Packet | None) -> None:
    quoted = OURS6 if between is None else IPv6(src=US6, dst=PEER6) / between / OURS6.payload
    packet = bytes(IPv6(src=ROUTER6, dst=US6) / made / bytes(quoted))
    found = unpack_error(packet)
    assert found is not None
    assert (found.icmp.words, found.flow, found.segment.seq) == (words, FLOW6, 7)
    assert run(program([PEER6], [80]), packet)


def test_a_quotation_of_eight_octets_has_the_number_and_no_flags() -> None:
    found = unpack_error(v4(3, 1, bytes(OURS)[: 20 + 8]))
    assert found is not None
    assert (found.flow, found.segment.seq, found.segment.flags) == (FLOW, 4000000000, 0)


def test_a_reset_of_ours_is_told_from_the_syn_before_it() -> None:
    ours = IP(src=US, dst=PEER) / TCP(sport=40000, dport=80, seq=4000000000, flags="R")
    found = unpack_error(v4(3, 1, bytes(ours)))
    assert found is not None
    assert found.segment.flags == RST


@pytest.mark.parametrize(
    "packet",
    [
        bytes(IP(src=ROUTER, dst=US) / ICMP(type=8) / bytes(OURS)),
        bytes(IP(src=ROUTER, dst=US) / ICMP(type=5) / bytes(OURS)),
        v4(3, 1, bytes(IP(src=US, dst=PEER) / UDP(sport=40000, dport=80))),
        v4(3, 1, bytes(IP(src=US, dst=PEER, frag=9) / (b"\0" * 20))),
        v4(3, 1, bytes(OURS)[: 20 + 7]),
        v4(3, 1, bytes(OURS6)),
        bytes(OURS),
        bytes(OURS6),
        b"",
    ],
)
def test_what_is_no_error_about_a_segment(packet: bytes) -> None:
    assert unpack_error(packet) is None


def test_the_filter_lets_in_what_comes_for_us_and_quotes_tcp() -> None:
    assert not run(program([PEER], [80]), bytes(IP(src=ROUTER, dst=US) / ICMP(type=8) / bytes(OURS)))
    assert not run(program([PEER]), v4(3, 1, bytes(IP(src=US, dst=PEER) / UDP())))
    optioned = (
        IP(src=ROUTER, dst=US, options=b"\1\1\1\0") / ICMP(type=3, code=1) / IPerror(src=US, dst=PEER) / TCPerror()
    )
    assert run(program([PEER]), bytes(optioned))
    assert unpack_error(bytes(optioned)) is not None
    nested = IPv6(src=ROUTER6, dst=US6) / ICMPv6DestUnreach() / IPerror6(src=US6, dst=PEER6) / TCPerror()
    assert run(program([PEER6]), bytes(nested))


@given(st.one_of(st.binary(max_size=120), st.binary(max_size=80).map(lambda tail: v4(3, 4, bytes(OURS)[:20] + tail))))
def test_no_bytes_confuse_it(packet: bytes) -> None:
    unpack_error(packet)


@given(st.integers(0, len(bytes(OURS6))))
def test_a_cut_at_any_place_is_no_trouble(cut: int) -> None:
    unpack_error(bytes(IPv6(src=ROUTER6, dst=US6) / ICMPv6TimeExceeded() / bytes(OURS6))[: 48 + cut])
