"""Decoding keeps every fault, drops nothing silently and never raises."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting
from scapy.packet import Packet, Raw

from probe.spec.segment import ACK, SYN, TIMESTAMPS, Endpoint, Flow, Option, Segment
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.decode import Checksum, Decoded, Skipped, unpack
from tests.wire.strategies import FLOWS, segments

V4 = Flow(Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 80))
V6 = Flow(Endpoint("2001:db8::1", 40000), Endpoint("2001:db8::2", 80))
TIMES = Option(TIMESTAMPS, bytes(range(8)))
DATA = Segment(Seq(5), Seq(9), ACK, length=6, payload=b"abcdef", options=(Option(1), Option(1), TIMES))
TCP_HEADER = TCP(sport=40000, dport=80, seq=5, flags="S")


def decoded(packet: bytes, wire_length: int | None = None, checksum: Checksum = "unknown") -> Segment:
    found = unpack(packet, wire_length=wire_length, checksum=checksum)
    assert isinstance(found, Decoded)
    return found.segment


def ip_start(flow: Flow) -> int:
    return 20 if flow.version == 4 else 40


@given(st.binary(max_size=120), st.sampled_from([b"\x45", b"\x4f", b"\x60", b""]), st.integers(0, 200))
def test_no_bytes_raise(data: bytes, first: bytes, wire_length: int) -> None:
    for packet in (first + data, (first + data[:8] + b"\6" + data)):
        unpack(packet)
        unpack(packet, wire_length=wire_length)


@given(FLOWS, segments(), st.data())
def test_no_damage_to_a_segment_raises(flow: Flow, segment: Segment, data: st.DataObject) -> None:
    packet = bytearray(pack(flow, segment))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=6)):
        packet[at] = value
    unpack(bytes(packet[: data.draw(st.integers(0, len(packet)))]))


@pytest.mark.parametrize("flow", [V4, V6], ids=["IPv4", "IPv6"])
def test_a_cut_capture_keeps_the_length_and_knows_no_checksum(flow: Flow) -> None:
    packet = pack(flow, DATA)
    for size in range(ip_start(flow) + 20, len(packet)):
        segment = decoded(packet[:size], len(packet))
        assert (segment.length, segment.faults, segment.checksum_known) == (6, (), False)
        assert not [option for option in segment.options if option.fault]
    assert decoded(packet[:-2]).payload == b"abcd"
    assert unpack(packet[: ip_start(flow) + 19]) == Skipped("header cut off by the capture")


@pytest.mark.parametrize("flow", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("with_length", [True, False], ids=["Linux", "LSO"])
def test_the_sum_left_to_the_network_card_is_no_fault(flow: Flow, with_length: bool) -> None:
    packet = bytearray(pack(flow, DATA))
    start = ip_start(flow)
    addresses = bytes(packet[12:20] if flow.version == 4 else packet[8:40])
    total = sum(struct.unpack(f"!{len(addresses) // 2}H", addresses)) + 6 + (len(packet) - start) * with_length
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", packet, start + 16, (total & 0xFFFF) + (total >> 16))
    segment = decoded(bytes(packet))
    assert (segment.faults, segment.checksum_known) == ((), False)


@pytest.mark.parametrize(
    ("hint", "faults", "known"), [("unknown", ("checksum",), True), ("offloaded", (), False), ("ok", (), False)]
)
def test_a_wrong_sum_is_a_fault_unless_the_kernel_explains_it(
    hint: Checksum, faults: tuple[str, ...], known: bool
) -> None:
    packet = pack(V4, Segment(Seq(5), flags=SYN, faults=("checksum",)))
    segment = decoded(packet, checksum=hint)
    assert (segment.faults, segment.checksum_known) == (faults, known)


def test_padding_behind_the_ip_packet_is_no_payload() -> None:
    packet = pack(V4, Segment(Seq(5), flags=ACK))
    assert decoded(packet + bytes(6)) == decoded(packet, len(packet) + 6)
    assert decoded(packet + bytes(6)).length == 0


def test_a_zero_total_length_is_taken_from_the_capture() -> None:
    packet = bytearray(pack(V4, DATA))
    packet[2:4] = b"\0\0"
    assert decoded(bytes(packet), len(packet)) == DATA


@pytest.mark.parametrize(("size", "fault"), [(19, "short header"), (4, "short header")])
def test_fewer_octets_than_a_header_are_kept_with_the_fault(size: int, fault: str) -> None:
    short = bytes(IP(src="192.0.2.1", dst="192.0.2.2", proto=6) / Raw(bytes(TCP_HEADER)[:size]))
    found = unpack(short)
    assert isinstance(found, Decoded)
    assert found.flow == V4
    assert found.segment.faults == (fault,)


@pytest.mark.parametrize(
    "packet",
    [
        IP(src="192.0.2.1", dst="192.0.2.2", options=[IPOption_NOP()] * 4) / TCP_HEADER,
        IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / TCP_HEADER,
        IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrFragment(offset=0, m=0, id=1) / TCP_HEADER,
    ],
    ids=["IPv4 options", "IPv6 options", "IPv6 atomic fragment"],
)
def test_headers_between_ip_and_tcp_are_passed_over(packet: Packet) -> None:
    found = unpack(bytes(packet))
    assert isinstance(found, Decoded)
    assert found.flow in (V4, V6)
    assert (found.segment.seq, found.segment.flags, found.segment.faults) == (5, SYN, ())


def test_a_source_route_leaves_the_checksum_open() -> None:
    routing = IPv6ExtHdrRouting(addresses=["2001:db8::9"], segleft=1)
    packet = bytearray(bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / routing / TCP_HEADER))
    packet[-4:-2] = b"\x12\x34"
    segment = decoded(bytes(packet))
    assert (segment.faults, segment.checksum_known) == ((), False)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"", "not IP"),
        (b"\0\1\x08\0", "not IP"),
        (bytes(IP() / UDP()), "not TCP"),
        (bytes(IPv6() / UDP()), "not TCP"),
        (bytes(IP(flags="MF") / TCP_HEADER), "IP fragment"),
        (bytes(IP(frag=7) / TCP_HEADER), "IP fragment"),
        (bytes(IPv6() / IPv6ExtHdrFragment(m=1) / TCP_HEADER), "IP fragment"),
        (bytes(IP(ihl=3) / TCP_HEADER), "malformed IP header"),
        (bytes(IP(proto=6) / Raw(b"abc")), "TCP header without ports"),
        (bytes(IP() / TCP_HEADER)[:15], "header cut off by the capture"),
    ],
)
def test_what_is_no_tcp_segment_is_skipped_with_the_reason(packet: bytes, reason: str) -> None:
    assert unpack(packet) == Skipped(reason)


def test_an_ip_length_past_the_wire_is_malformed() -> None:
    packet = pack(V4, DATA)
    assert unpack(packet[:-1], wire_length=len(packet) - 1) == Skipped("malformed IP header")
