"""The filter lets in TCP of the peer and nothing else; the kernel takes the program."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Packet

from probe.spec.segment import SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.bpf import NOTHING, Program, attach, program
from probe.wire.craft import pack
from tests.wire.bpf_machine import HOST, LOOPBACK, OTHERHOST, OUTGOING, run

ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2", "2001:db9::1"]
ENDS = st.builds(Endpoint, st.sampled_from(ADDRESSES), st.sampled_from([80, 81, 443, 40000]))
FLOWS = st.builds(Flow, ENDS, ENDS).filter(lambda flow: flow.local.version == flow.remote.version)
TCP_HEADER = TCP(sport=40000, dport=80)


@given(FLOWS, st.lists(st.sampled_from(ADDRESSES), max_size=4), st.lists(st.sampled_from([80, 443]), max_size=2))
def test_exactly_the_segments_of_peers_and_ports_come_in(flow: Flow, peers: list[str], ports: list[int]) -> None:
    packet = pack(flow, Segment(Seq(1), flags=SYN))
    ends = (flow.local, flow.remote)
    wanted = (not peers or any(end.address in peers for end in ends)) and (
        not ports or any(end.port in ports for end in ends)
    )
    assert bool(run(program(peers, ports), packet)) == wanted


@pytest.mark.parametrize(
    ("packet", "comes_in"),
    [
        (IP(dst="192.0.2.1", options=[IPOption_NOP()] * 4) / TCP_HEADER, True),
        (IP(dst="192.0.2.1", frag=9, proto=6) / (b"\0" * 20), True),
        (IPv6(dst="2001:db8::1") / IPv6ExtHdrDestOpt() / TCP_HEADER, True),
        (IPv6(dst="2001:db8::1") / IPv6ExtHdrFragment() / TCP_HEADER, True),
        (IP(dst="192.0.2.1") / UDP(dport=80), False),
        (IPv6(dst="2001:db8::1") / UDP(dport=80), False),
        (IP(dst="192.0.2.1") / TCP(sport=1, dport=2), False),
    ],
)
def test_headers_between_ip_and_tcp(packet: Packet, comes_in: bool) -> None:
    assert bool(run(program(["192.0.2.1", "2001:db8::1"], [80]), bytes(packet))) == comes_in


@pytest.mark.parametrize(
    ("packet_type", "hardware", "comes_in"),
    [(HOST, LOOPBACK, True), (OUTGOING, LOOPBACK, False), (HOST, 1, True), (OUTGOING, 1, True), (OTHERHOST, 1, False)],
)
def test_each_packet_comes_in_once(packet_type: int, hardware: int, comes_in: bool) -> None:
    packet = bytes(IP(src="192.0.2.1") / TCP_HEADER)
    assert bool(run(program(["192.0.2.1"]), packet, packet_type, hardware)) == comes_in


@given(st.binary(max_size=80))
def test_no_bytes_confuse_the_program(packet: bytes) -> None:
    run(program(["192.0.2.1", "2001:db8::1"], [80]), packet)


def test_the_empty_program_lets_nothing_in() -> None:
    assert run(NOTHING, bytes(IP() / TCP_HEADER)) == 0


@pytest.mark.parametrize("what", [NOTHING, program(), program(ADDRESSES, [80, 443])])
def test_the_kernel_takes_the_program(what: Program) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        attach(sock, what)  # the kernel checks every jump and opcode


def test_too_many_peers_for_one_filter_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        program([f"192.0.2.{number}" for number in range(200)])
