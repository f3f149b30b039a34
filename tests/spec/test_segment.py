"""Segments: flags in tcpdump's letters, SEG.LEN, options, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.spec import segment as s
from probe.spec.segment import (
    EOL,
    KINDS,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WSCALE,
    Endpoint,
    Flow,
    Option,
    Segment,
    flags_name,
    flags_text,
    parse_flags,
)
from probe.spec.seq import Seq


@pytest.mark.parametrize(
    ("text", "flags", "name"),
    [
        ("S", s.SYN, "SYN"),
        ("S.", s.SYN | s.ACK, "SYN+ACK"),
        (".", s.ACK, "ACK"),
        ("F.", s.FIN | s.ACK, "FIN+ACK"),
        ("R", s.RST, "RST"),
        ("R.", s.RST | s.ACK, "RST+ACK"),
        ("P.", s.PSH | s.ACK, "PSH+ACK"),
        ("FS", s.SYN | s.FIN, "SYN+FIN"),
        ("-", 0, "NULL"),
    ],
)
def test_flags_have_letters_and_names(text: str, flags: int, name: str) -> None:
    assert parse_flags(text) == flags
    assert flags_name(flags) == name
    assert parse_flags(flags_text(flags).replace("none", "-")) == flags


@given(st.integers(0, 255))
def test_flags_survive_writing_and_reading(flags: int) -> None:
    assert parse_flags(flags_text(flags).replace("none", "-")) == flags


def test_unknown_letters_are_refused() -> None:
    with pytest.raises(KeyError):
        parse_flags("X")


@given(st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**32 - 1))
def test_seg_len_counts_text_syn_and_fin(flags: int, length: int, seq: int) -> None:
    made = Segment(Seq(seq), flags=flags, length=length)
    assert made.seg_len == length + (flags >> 1 & 1) + (flags & 1)
    assert made.end == (seq + made.seg_len) % 2**32
    assert made.has(flags)


def test_options_are_found_well_formed_only() -> None:
    stamps = Option(s.TIMESTAMPS, bytes([0, 0, 1, 0, 0, 0, 0, 9]))
    made = Segment(Seq(0), options=(Option(s.WSCALE, b"", "length 0"), Option(s.WSCALE, b"\x0f"), stamps))
    assert made.window_scale == 14
    assert made.timestamps == (256, 9)
    assert made.option(s.MSS) is None
    assert Segment(Seq(0), options=(Option(s.TIMESTAMPS, b"\1\2"), Option(s.WSCALE, b""))).timestamps is None
    assert Segment(Seq(0), options=(Option(s.WSCALE, b""),)).window_scale is None


def test_text_shows_distances_from_the_isns() -> None:
    made = Segment(Seq(3), Seq(2**32 - 1), s.FIN | s.ACK, length=7)
    assert made.text() == str(made) == "F. seq 3 ack 4294967295 len 7"
    assert made.text(2**32 - 2, 2**32 - 3) == "F. seq 5 ack 2 len 7"
    assert Segment(Seq(1), flags=0).text(5) == "none seq -4"


def test_endpoints_and_flows() -> None:
    four, six = Endpoint("192.0.2.1", 80), Endpoint("2001:db8::1", 80)
    assert (four.version, six.version) == (4, 6)
    assert (str(four), str(six)) == ("192.0.2.1:80", "[2001:db8::1]:80")
    flow = Flow(four, six)
    assert flow.reversed() == Flow(six, four)
    assert flow.version == 4
    assert str(flow) == "192.0.2.1:80 > [2001:db8::1]:80"


def test_the_kinds_are_the_columns_that_users_know() -> None:
    known = "SYN SYN+ACK ACK FIN FIN+ACK RST RST+ACK SYN+FIN DATA NULL SYN+RST"
    assert " ".join(KINDS) == known


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_called_after_its_flags(kind: str) -> None:
    name = flags_name(parse_flags(KINDS[kind]))
    assert set(name.split("+")) == ({"PSH", "ACK"} if kind == "DATA" else set(kind.split("+")))


def test_the_numbers_of_options_are_those_of_iana() -> None:
    assert (EOL, NOP, MSS, WSCALE, SACK_PERMITTED, SACK, TIMESTAMPS) == (0, 1, 2, 3, 4, 5, 8)


def test_a_timestamp_is_two_numbers_of_four_octets() -> None:
    """RFC 7323 section 3.2."""
    assert Segment(Seq(1), options=(Option(TIMESTAMPS, bytes(range(1, 9))),)).timestamps == (0x01020304, 0x05060708)
    assert Segment(Seq(1), options=(Option(TIMESTAMPS, bytes(7)),)).timestamps is None
