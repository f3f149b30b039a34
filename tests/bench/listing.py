"""What it costs replay to list every connection, to take many files, and to hold many connections: as ratios."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import scan
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place
from tests.bench.replay import compiled, every_core, memory, ours, timed
from tests.bench.traffic import record

CONNECTIONS = 50_000
SCANNED = 1_000_000
FEW, MANY = 300, 1200
"""Files of a folder."""
_TIMES = 3


def _run(_: Place) -> Iterator[Measure]:
    with tempfile.TemporaryDirectory() as name, every_core():
        folder = Path(name)
        path = folder / "bench.pcap"
        record(path, CONNECTIONS)
        compiled()
        yield from _listed(path, folder)
        yield from _folders(folder)
        scan.write(folder / "scan.pcap", SCANNED)
        held = memory(ours(folder / "scan.pcap"))
        yield Measure("memory, a million SYNs refused", held, "MB", note="the goal is 300 MB")


def _listed(path: Path, folder: Path) -> Iterator[Measure]:
    plain, held = min(timed(ours(path)) for _ in range(_TIMES)), memory(ours(path))
    yield Measure("ours", plain, "s", note=f"{CONNECTIONS:,} connections; no list")
    for form in ("jsonl", "json"):
        command = [*ours(path), f"--{form}", str(folder / form)]
        ratio = min(timed(command) for _ in range(_TIMES)) / plain
        yield Measure(f"time with --{form} to time without", ratio, "x", note="the goal is 2" * (form == "jsonl"))
        yield Measure(f"memory with --{form} to memory without", memory(command) / held, "x", below=2)


def _folders(folder: Path) -> Iterator[Measure]:
    """Time a file must not grow with the number of files."""
    seconds = []
    for count in (0, FEW, MANY):
        files = folder / str(count)
        files.mkdir()
        for number in range(max(count, 1)):
            scan.write(files / f"{number}.pcap", 20)
        seconds.append(min(timed(ours(files)) for _ in range(_TIMES)))
    start, few, many = seconds
    yield Measure(f"{MANY:,} files", many, "s")
    yield Measure(f"time a file, of {MANY:,} to of {FEW}", (many - start) / (few - start) * FEW / MANY, "x", below=1.5)


BENCH = Bench("listing", "every connection listed, many files, many connections at once", _run, order=55)
