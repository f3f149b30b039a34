"""The whole state matrix, every position, over both IP versions."""

from __future__ import annotations

import time
from collections.abc import Iterator

from probe.live.matrix import matrix
from probe.results.verdict import Verdict
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place


def _run(place: Place) -> Iterator[Measure]:
    began = time.perf_counter()
    runs = [matrix(endpoint) for _, endpoint in sorted(place.endpoints.items())]
    seconds = time.perf_counter() - began
    cells = [cell for run in runs for cell in run.cells]
    connections = sum(run.connections for run in runs)
    yield Measure("every cell, all IP versions", seconds, "s", below=15, note=f"{len(cells)} cells")
    yield Measure("connections judged", connections / seconds, "/s", note=f"{connections} connections")
    untold = [cell for cell in cells if cell.verdict in (Verdict.INCONCLUSIVE, Verdict.SKIP)]
    yield Measure("cells that could not be told", len(untold), "", below=1)


BENCH = Bench("matrix", "every segment in every state", _run, order=25)
