"""Connections whose segments came in fragments are those of the whole segments, wherever the file is cut."""

from __future__ import annotations

import itertools
import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from probe.replay.extracting import extract
from probe.results.connection import Connection
from probe.wire.errors import TargetError
from tests.capture.build import Frame, ethernet, frames, pcap
from tests.capture.fragmented import broken4
from tests.replay.test_one_path import in_parts, listed
from tests.replay.traffic import messy


def in_fragments(frame: Frame, number: int) -> list[Frame]:
    """The frame's IPv4 packet in pieces of 16 octets, as far as it has them; the last one is the frame's in time."""
    head, size = frame.data[14:34], int.from_bytes(frame.data[16:18], "big")
    body, pieces = frame.data[34 : 14 + size], list[Frame]()
    for start in range(0, len(body), 16):
        text, more = body[start : start + 16], start + 16 < len(body)
        place = struct.pack("!HHH", 20 + len(text), number, more << 13 | start // 8)
        pieces.append(Frame(ethernet(head[:2] + place + head[8:] + text), frame.time))
    return pieces


def without_numbers(found: Connection) -> Connection:
    """The connection as far as it does not hang on how many records there are."""
    steps = {"client_states": (), "server_states": (), "findings": (), "doubtful": ()}
    return replace(found, file="", index=0, first_packet=0, blamed=(), stopped=None, oddities=(), **steps)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
def test_fragments_change_nothing(seed: int, tmp_path: Path) -> None:
    whole, broken, chance = tmp_path / "whole", tmp_path / "broken", random.Random(seed)
    sent = messy(seed)
    whole.write_bytes(pcap(sent))
    pieces = [piece for number, frame in enumerate(sent) for piece in in_fragments(frame, number)]
    broken.write_bytes(pcap(pieces))
    due, found = listed(whole), listed(broken)
    assert [without_numbers(one) for one in found] == [without_numbers(one) for one in due]
    ends = list(itertools.accumulate((16 + len(one.data) for one in pieces), initial=24))[1:-1]
    assert in_parts(broken, sorted(chance.sample(ends, 4))) == found
    one = chance.choice(found)
    assert extract(str(broken), one.index).connection == one


def test_a_file_of_nothing_else_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(frames(broken4(b"\0" * 100, [48], protocol=4))))
    with pytest.raises(TargetError) as told:
        extract(str(path))
    assert "1 fragment of a reassembled IP datagram" in str(told.value)
    assert "incomplete" not in str(told.value)
