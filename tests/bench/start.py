"""How long ``probe --help`` takes: the median of five new processes."""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Bench, Measure
from tests.bench.place import Place

_ROOT = Path(__file__).resolve().parents[2]
_TIMES = 5


def _run(_: Place) -> Iterator[Measure]:
    found = importlib.util.find_spec("probe.cli")
    if found is None or found.origin is None:
        return  # the command line is not part of this tree
    seconds = statistics.median(_help() for _ in range(_TIMES))
    yield Measure("probe --help", seconds, "s", below=0.2, note=f"median of {_TIMES}")


def _help() -> float:
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    subprocess.run([sys.executable, "-m", "probe", "--help"], check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began


BENCH = Bench("start", "start of the command line", _run, order=30)
