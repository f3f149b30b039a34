"""Replay of a large capture beside tcptrace and tshark, in the same run: time, memory, and whether time is linear."""

from __future__ import annotations

import compileall
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import probe
from probe.replay.run import ReplayOptions, replay
from probe.results.verdict import Verdict
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place
from tests.bench.traffic import record

CONNECTIONS = 100_000
_COPIES = 5
_HEADER, _RECORD = 24, 16
_TIMES = 3
"""Runs of ours, the fastest counts: the peers take long enough to even out what else the machine does."""
_PEERS = (
    ("tcptrace -n", ("tcptrace", "-n"), 3.0),
    (
        "tshark, stream and completeness",
        ("tshark", "-n", "-T", "fields", "-e", "tcp.stream", "-e", "tcp.completeness"),
        20.0,
    ),
)  # fmt: skip
_ARGUMENTS = {"tcptrace": (), "tshark": ("-r",)}


def _run(_: Place) -> Iterator[Measure]:
    with tempfile.TemporaryDirectory() as name, every_core():
        path = Path(name) / "bench.pcap"
        record(path, CONNECTIONS)
        packets = _count(path)
        compiled()
        odd = _odd(path)
        yield Measure("ours, verdicts other than pass", odd, "", below=1)
        seconds = min(timed(ours(path)) for _ in range(_TIMES))
        note = f"{packets:,} packets, {CONNECTIONS:,} connections, start of the process included"
        yield Measure("ours", seconds, "s", note=note)
        yield from _peers(path, seconds)
        yield Measure("memory, all processes together", memory(ours(path)), "MB", below=300)
        yield from _linearity(Path(name), path, packets, seconds)


def _peers(path: Path, own: float) -> Iterator[Measure]:
    for title, command, ratio in _PEERS:
        if shutil.which(command[0]) is None:
            raise RuntimeError(f"{command[0]} is not installed: run `make system`")
        seconds = timed([*command, *_ARGUMENTS[command[0]], str(path)])
        yield Measure(title, seconds, "s")
        yield Measure(f"ratio to {title}", seconds / own, "x", at_least=ratio)


def _linearity(folder: Path, path: Path, packets: int, once: float) -> Iterator[Measure]:
    """Seconds a million packets at a tenth, once and five times the size, less the start of the process."""
    small, big = folder / "small.pcap", folder / "big.pcap"
    _head(path, small, packets // 10)
    _copies(path, big, _COPIES)
    start = min(timed([sys.executable, "-m", "probe", "replay", "--help"]) for _ in range(_TIMES))
    tenth = min(timed(ours(small)) for _ in range(_TIMES))
    five = timed(ours(big))
    yield Measure("ours, a tenth of the packets", tenth, "s", note=f"the start of the process alone: {start:.2f} s")
    yield Measure("ours, five times the packets", five, "s")
    yield Measure("time a packet, five times to once", five / _COPIES / once, "x", below=1.3)
    yield Measure("memory at five times the packets", memory(ours(big)), "MB", below=300)


def _odd(path: Path) -> int:
    """How many connections do not pass: real kernels spoke, and nothing was lost."""
    found = replay(ReplayOptions((str(path),), limit=0))
    return found.connections - found.verdicts.get(Verdict.PASS, 0)


def ours(path: Path) -> list[str]:
    """The command that replays it."""
    return [sys.executable, "-m", "probe", "replay", "--quiet", str(path)]


def compiled() -> None:
    """Byte code on disk, as pip leaves it for an installed package; a checkout may run without."""
    compileall.compile_dir(Path(probe.__file__).parent, quiet=2)


def timed(command: list[str]) -> float:
    """Seconds from start to end; RuntimeError when it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1):  # 1: a MUST is violated, or tshark found something to say
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return seconds


def memory(command: list[str]) -> float:
    """The most that the process and its children held at a time, shared pages counted once, in MB."""
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while True:
            most = max(most, _held(running.pid))
            try:
                running.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            return most / 1000


def _held(pid: int) -> int:
    """Proportional set size of a process and its children in kB; 0 for one that is gone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    own = next((int(line.split()[1]) for line in rollup if line.startswith("Pss:")), 0)
    return own + sum(_held(int(child)) for child in children)


def _records(data: bytes, most: int) -> tuple[int, int]:
    """(how many records, where the last of them ends), at most so many."""
    at, count, read = _HEADER, 0, struct.Struct("<8xI").unpack_from
    while at < len(data) and count < most:
        at += _RECORD + read(data, at)[0]
        count += 1
    return count, at


def _count(path: Path) -> int:
    return _records(path.read_bytes(), sys.maxsize)[0]


def _head(path: Path, to: Path, packets: int) -> None:
    data = path.read_bytes()
    to.write_bytes(data[: _records(data, packets)[1]])


def _copies(path: Path, to: Path, times: int) -> None:
    with path.open("rb") as source, to.open("wb") as target:
        for turn in range(times):
            source.seek(_HEADER if turn else 0)
            shutil.copyfileobj(source, target, 1 << 20)


@contextmanager
def every_core() -> Iterator[None]:
    """Nobody is pinned: replay uses all cores, and its peers may too."""
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, pinned)


BENCH = Bench("replay", "a capture of a million packets beside tcptrace and tshark", _run, order=50)
