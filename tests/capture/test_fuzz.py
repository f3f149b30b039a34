"""Damaged captures: read as far as they go, never a crash, a hang, or memory without bound."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.capture.cuts import cut
from probe.capture.errors import CaptureError
from probe.capture.reader import Reading
from tests.capture.build import conversation, frames, pcap
from tests.capture.mutate import mutate, seeds
from tests.capture.witness import ours

SEEDS = seeds()
CORPUS = Path(__file__).resolve().parent.parent / "fuzz" / "corpus"


def read_everything(path: Path) -> None:
    """Read the capture, every packet in full: only CaptureError may come out, and every record is accounted for."""
    reading = Reading(str(path), chunk=4096)
    segments, caught = 0, None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            for chunk in reading:
                segments += len(chunk)
                for row in range(len(chunk)):
                    chunk.exact(row)
                    chunk.comments(row)
        except CaptureError as error:
            caught = error
    assert caught is None or (caught.offset >= 0 and caught.reason)
    assert segments + reading.skipped.total() == reading.records


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SEEDS)), chance=st.randoms(use_true_random=False))
def test_damaged_captures_are_read_as_far_as_they_go(tmp_path: Path, name: str, chance: random.Random) -> None:
    path = tmp_path / "capture"
    path.write_bytes(mutate(SEEDS[name], chance))
    read_everything(path)
    whole = ours(path)
    small = ours(path, chunk=777)
    assert (*small[:3], str(small.error)) == (*whole[:3], str(whole.error))
    assert ours(path, parts=cut(str(path), 1)).rows == whole.rows


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_corpus_is_read(path: Path) -> None:
    read_everything(path)


def test_the_corpus_holds_every_seed() -> None:
    assert {path.name: path.read_bytes() for path in CORPUS.iterdir() if path.name in SEEDS} == SEEDS


def test_a_gzip_bomb_takes_no_more_memory_than_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(pcap(frames(conversation(4))) + bytes(16) * 1_000_000))
    tracemalloc.start()
    try:
        records = ours_count(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert records == 1_000_008
    assert peak < 64 << 20


def ours_count(path: Path) -> int:
    """How many records there are; each chunk is let go."""
    reading = Reading(str(path), chunk=1 << 18)
    for _ in reading:
        pass
    return reading.records
