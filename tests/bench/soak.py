"""`make soak`: open and close for a long time; no verdict is lost, nothing fails, memory stays where it is."""

from __future__ import annotations

import argparse
import mmap
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tabulate import tabulate

from probe.live.options import SoakOptions
from probe.live.soak import soak
from probe.results.soak import SoakResult
from probe.results.verdict import Verdict
from probe.wire.errors import WireError
from probe.wire.record import Recorder
from tests.bench.place import Place, place

GROWTH = 1.0
"""MiB by which memory may grow once warm: in a minute of this a leak of six octets an exchange is seen."""
WARM = 5.0
"""Seconds at the start that fill caches and take ports, not looked at for growth."""
_LOOK_EVERY = 256
_VERDICT = b"probe-run "


@dataclass(slots=True)
class Watcher:
    """Notes time, exchanges and resident memory at intervals; ``rows`` hold (seconds, exchanges, MiB)."""

    interval: float
    began: float = field(default_factory=time.monotonic)
    rows: list[tuple[float, int, float]] = field(default_factory=list)

    def look(self, exchanges: int) -> None:
        """Called after every exchange; most calls do nothing."""
        if exchanges % _LOOK_EVERY:
            return
        passed = time.monotonic() - self.began
        if passed >= self.interval * (len(self.rows) + 1):
            self.rows.append((passed, exchanges, resident(os.getpid())))

    def growth(self) -> float | None:
        """MiB that memory grew by once warm: the slope of the best line times its time; None: too short a run."""
        rows = [row for row in self.rows if row[0] > WARM]
        if len(rows) < 3:
            return None
        times, sizes = [row[0] for row in rows], [row[2] for row in rows]
        mean_time, mean_size = sum(times) / len(rows), sum(sizes) / len(rows)
        spread = sum((t - mean_time) ** 2 for t in times)
        slope = sum((t - mean_time) * (s - mean_size) for t, s in zip(times, sizes, strict=True)) / spread
        return slope * (times[-1] - times[0])


def resident(pid: int) -> float:
    """The resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def recorded_verdicts(path: Path) -> int:
    """How many attempts the recording holds to their end."""
    count, at = 0, 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while (at := data.find(_VERDICT, at) + 1) > 0:
            count += 1
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing wrong; 1: something is, named on stderr; 4: this machine gives no place to run in."""
    given = _parser().parse_args(arguments)
    try:
        with place() as where, tempfile.TemporaryDirectory() as folder:
            print(f"{where}; IPv{given.ip}, {given.seconds:g} s, {given.parallel} exchanges at a time")
            return _soak(where, given, given.keep or Path(folder) / "soak.pcapng")
    except WireError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 4


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description="A long run of open and close.")
    parser.add_argument("--seconds", type=float, default=60.0, help="the recording takes about 7 MB a second")
    parser.add_argument("--intervals", type=int, default=12, help="how often memory is looked at")
    parser.add_argument("--ip", type=int, choices=(4, 6), default=4)
    parser.add_argument("--parallel", type=int, default=16)
    parser.add_argument("--at-least", type=float, default=0.0, metavar="RATE", help="exchanges/s that are due")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the recording there")
    return parser


def _soak(where: Place, given: argparse.Namespace, path: Path) -> int:
    watcher = Watcher(given.seconds / given.intervals)
    with Recorder(path, "soak") as recorder:
        options = SoakOptions(
            seconds=given.seconds,
            parallel=given.parallel,
            trigger="target",
            recorder=recorder,
            progress=watcher.look,
        )
        result = soak(where.endpoints[given.ip], options)
    _print(watcher, result, recorder.count)
    wrong = list(_wrong(result, watcher, recorded_verdicts(path), given.at_least))
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


def _print(watcher: Watcher, result: SoakResult, packets: int) -> None:
    headers = ("seconds", "exchanges", "resident MiB")
    print(tabulate(watcher.rows, headers, floatfmt=".1f", intfmt=","))
    verdicts = ", ".join(f"{count:,} {word}" for word, count in result.verdicts.items())
    forms = ", ".join(f"{count:,} {form or 'none'}" for form, count in result.forms.items())
    print(f"{result.rate:,.0f} exchanges/s judged and recorded; {packets:,} packets recorded, {result.dropped} dropped")
    print(f"verdicts: {verdicts}; forms: {forms}")
    print(f"attempts {result.attempts:,}, in doubt {result.doubtful}")
    growth = watcher.growth()
    print("too short a run to tell of memory" if growth is None else f"memory grew by {growth:.2f} MiB once warm")


def _wrong(result: SoakResult, watcher: Watcher, recorded: int, at_least: float) -> Iterator[str]:
    judged = sum(result.verdicts.values())
    if judged != result.exchanges:
        yield f"{result.exchanges} exchanges were begun, {judged} verdicts came"
    if recorded != result.attempts:
        yield f"{result.attempts} attempts were made, the recording holds {recorded}"
    if failed := result.verdicts.get(Verdict.FAIL, 0):
        yield f"{failed} exchanges failed, the first: {result.shown[0].findings}"
    if (growth := watcher.growth() or 0.0) > GROWTH:
        yield f"memory grew by {growth:.2f} MiB once warm, {GROWTH:g} are allowed"
    if result.rate < at_least:
        yield f"{result.rate:,.0f} exchanges/s, {at_least:,.0f} are due"


if __name__ == "__main__":
    sys.exit(main())
