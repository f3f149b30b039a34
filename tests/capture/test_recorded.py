"""The benchmark's own traffic, recorded from the kernel: complete, and read as tshark reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from probe.spec.segment import ACK, SYN
from tests.bench.traffic import record
from tests.capture.witness import ours, tshark


@pytest.mark.live
def test_recorded_traffic_is_complete_and_read_alike(tmp_path: Path) -> None:
    for program in ("tcpdump", "unshare", "ip"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    path = tmp_path / "capture"
    record(path, 60)
    told = ours(path)
    assert told.error is None
    assert sum(row.flags & (SYN | ACK) == SYN for row in told.rows) == 60
    assert told.rows == tshark(path)
