"""A capture cut into parts gives what it gives whole, and a wrong cut is noticed."""

from __future__ import annotations

import gzip
import pickle
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from probe.capture.cuts import cut
from probe.capture.reader import Part, Reading
from probe.capture.window import Window
from tests.capture.build import EVENING, FOUR_A, FOUR_B, Frame, Ng, conversation, ethernet, frames, ipv4, pcap, tcp
from tests.capture.witness import ours

MANY = frames(conversation(4, 4000) + conversation(6, 4000))


def embedded() -> list[Frame]:
    """Packets that carry a capture file: its records look as true as those around them."""
    inner = pcap(MANY)
    pieces = [inner[at : at + 60_000] for at in range(0, len(inner), 60_000)] * 3
    packets = [ipv4(tcp(FOUR_A + FOUR_B, 1, 2, payload=piece)) for piece in pieces]
    return [Frame(ethernet(packet), EVENING + index) for index, packet in enumerate(packets)]


def proved(path: Path, parts: list[Part]) -> bool:
    """Whether each part ends where the next one starts."""
    for part, following in pairwise(parts):
        reading = Reading(part)
        for _ in reading:
            pass
        if reading.offset != following.start:
            return False
    return True


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("content", [MANY, embedded()], ids=["many", "embedded"])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_parts_of_a_pcap_are_the_whole(tmp_path: Path, count: int, content: list[Frame], order: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(content, order=order))
    parts = cut(str(path), count, least=1000)
    assert 2 <= len(parts) <= count
    assert parts[-1].end is None
    assert proved(path, parts)
    assert ours(path, parts=[pickle.loads(pickle.dumps(part)) for part in parts]) == ours(path)  # noqa: S301 - our own


def sections() -> bytes:
    """A pcapng whose interfaces change along the way."""
    builder, rng = Ng().section().interface(101), random.Random(2)
    packets = conversation(4, 3000)
    for index, packet in enumerate(packets):
        if index % 700 == 699:
            builder.section(rng.choice("<>")).interface().interface(101)
        builder.enhanced(Frame(packet), 1 if index >= 699 else 0, comments=["x"] if index % 5 else [])
    return builder.data


@pytest.mark.parametrize("count", [2, 5])
def test_parts_of_a_pcapng_are_the_whole_and_know_their_numbers(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Window.__init__, "__defaults__", (4096, 0))
    path = tmp_path / "capture"
    path.write_bytes(sections())
    parts = cut(str(path), count, least=1000)
    assert len(parts) == count
    assert all(part.first for part in parts)
    assert proved(path, parts)
    assert ours(path, parts=parts) == ours(path)


def test_what_cannot_be_cut_is_one_part(tmp_path: Path) -> None:
    packed, small, other = tmp_path / "packed", tmp_path / "small", tmp_path / "other"
    packed.write_bytes(gzip.compress(pcap(MANY), 0))
    small.write_bytes(pcap(MANY[:3]))
    other.write_bytes(b"no capture" * 1000)
    assert cut("-", 4) == [Part("-")]
    for path in (packed, small, other):
        assert cut(str(path), 4, least=1000) == [Part(str(path))]


def test_a_wrong_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(MANY))
    first, second = cut(str(path), 2, least=1000)
    wrong = [replace(first, end=second.start + 1), replace(second, start=second.start + 1)]
    assert proved(path, [first, second])
    assert not proved(path, wrong)


def test_a_damaged_file_is_cut_all_the_same(tmp_path: Path) -> None:
    for data in (pcap(MANY), Ng().section().interface().data + sections()):
        path = tmp_path / "capture"
        path.write_bytes(data[:-7])
        parts = cut(str(path), 3, least=1000)
        told, whole = ours(path, parts=parts), ours(path)
        assert (told.rows, str(told.error)) == (whole.rows, str(whole.error))
