"""The whole set of exchanges that wait for no timer of the peer, once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place


def _run(place: Place) -> Iterator[Measure]:
    for version, endpoint in sorted(place.endpoints.items()):
        began = time.perf_counter()
        result = check(endpoint, CheckOptions(waits=False))
        seconds = time.perf_counter() - began
        odd = [e.id for e in result.exchanges if e.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)]
        count = f"{len(result.exchanges)} exchanges"
        yield Measure(f"no peer timer awaited, IPv{version}", seconds, "s", below=5, note=count)
        yield Measure(f"fail or inconclusive, IPv{version}", len(odd), "", below=1, note=", ".join(odd))


BENCH = Bench("catalogue", "every exchange that waits for no peer timer", _run, order=20)
