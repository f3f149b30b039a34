"""Crafted packets are those Scapy would build, and decoding gives back what was crafted."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from probe.spec.segment import (
    ACK,
    EOL,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    SYN,
    TIMESTAMPS,
    WSCALE,
    Endpoint,
    Flow,
    Option,
    Segment,
)
from probe.spec.seq import Seq
from probe.wire.craft import pack
from probe.wire.decode import Decoded, unpack
from tests.wire.strategies import FLOWS, WELL_FORMED, option_lists, segments

FLOW = Flow(Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 80))


def scapy_option(option: Option) -> tuple[str | int, Any]:
    match option.kind:
        case 0:
            return "EOL", None
        case 1:
            return "NOP", None
        case 2:
            return "MSS", int.from_bytes(option.data, "big")
        case 3:
            return "WScale", option.data[0]
        case 4:
            return "SAckOK", b""
        case 5:
            return "SAck", struct.unpack("!II", option.data)
        case 8:
            return "Timestamp", struct.unpack("!II", option.data)
        case kind:
            return kind, option.data


def from_scratch(flow: Flow, segment: Segment) -> bytes:
    tcp = TCP(
        sport=flow.local.port,
        dport=flow.remote.port,
        seq=int(segment.seq),
        ack=int(segment.ack),
        flags=segment.flags | (segment.reserved & 1) << 8,
        reserved=segment.reserved >> 1,
        window=segment.window,
        urgptr=segment.urgent,
        options=[scapy_option(option) for option in segment.options],
    )
    source, target = flow.local.address, flow.remote.address
    ip = IP(src=source, dst=target, flags="DF", id=1, ttl=64) if flow.version == 4 else IPv6(src=source, dst=target)
    return bytes(ip / tcp / Raw(segment.payload))


# Scapy has fixed ideas of some experimental kinds; those whose data it takes as bytes are compared.
SCAPY_TAKES = WELL_FORMED.filter(lambda o: o.kind in (NOP, MSS, WSCALE, SACK_PERMITTED, SACK, TIMESTAMPS, 253, 254))


@given(FLOWS, segments(option_lists(SCAPY_TAKES).filter(lambda found: not any(o.fault for o in found))))
def test_packets_equal_those_scapy_builds_from_scratch(flow: Flow, segment: Segment) -> None:
    ours, theirs = bytearray(pack(flow, segment)), bytearray(from_scratch(flow, segment))
    if segment.faults:
        at = (20 if flow.version == 4 else 40) + 16
        assert ours[at : at + 2] != theirs[at : at + 2]
        del ours[at : at + 2], theirs[at : at + 2]
    assert ours == theirs


@given(FLOWS, segments())
def test_decoding_gives_back_what_was_crafted(flow: Flow, segment: Segment) -> None:
    assert unpack(pack(flow, segment)) == Decoded(flow, segment)


@given(segments(), st.integers(0, 2**32 - 1))
def test_a_known_shape_with_new_numbers_is_patched_whole(segment: Segment, number: int) -> None:
    pack(FLOW, Segment(Seq(number), flags=segment.flags, options=segment.options, payload=b"x", length=1))
    assert unpack(pack(FLOW, segment)) == Decoded(FLOW, segment)


@pytest.mark.parametrize("fault", ["short header", "header past the end"])
def test_impossible_data_offsets_can_be_crafted(fault: str) -> None:
    segment = Segment(Seq(7), flags=SYN, length=3, payload=b"abc", faults=(fault,))
    assert unpack(pack(FLOW, segment)) == Decoded(FLOW, segment)


def test_short_options_are_padded_with_an_end_mark() -> None:
    crafted = unpack(pack(FLOW, Segment(Seq(7), flags=SYN, options=(Option(WSCALE, b"\7"),))))
    assert isinstance(crafted, Decoded)
    assert crafted.segment.options == (Option(WSCALE, b"\7"), Option(EOL))


def test_payload_that_was_not_kept_is_sent_as_zeros() -> None:
    crafted = unpack(pack(FLOW, Segment(Seq(7), flags=ACK, length=4, payload=b"ab")))
    assert isinstance(crafted, Decoded)
    assert crafted.segment.payload == b"ab\0\0"


@pytest.mark.parametrize(
    ("segment", "why"),
    [
        (Segment(Seq(1), options=(Option(NOP),) * 41), "has room for 40"),
        (Segment(Seq(1), length=1, payload=b"ab"), "says 1 payload octets and carries 2"),
        (Segment(Seq(1), length=65500), "does not fit an IP packet"),
    ],
)
def test_what_fits_no_header_is_refused(segment: Segment, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        pack(FLOW, segment)
