"""Open and close, judged and recorded, on one core; beside it the same with Scapy's sr1()."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from probe.live.options import SoakOptions
from probe.live.soak import soak
from probe.results.soak import SoakResult
from probe.results.verdict import Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder
from tests.bench.baseline import exchanges_per_second
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place

_SECONDS = 4.0
_WARM_UP = 200
_BASELINE = 20
_UNIT = "exchanges/s"


def _run(place: Place) -> Iterator[Measure]:
    baseline = exchanges_per_second(place.endpoints[4], _BASELINE)
    yield Measure("Scapy, one sr1() per step", baseline, _UNIT, note="neither judged nor recorded")
    for version, endpoint in sorted(place.endpoints.items()):
        result = _judged_and_recorded(endpoint)
        odd = result.exchanges - result.verdicts.get(Verdict.PASS, 0)
        note = f"{result.exchanges:,} exchanges, the recording included"
        yield Measure(f"ours, IPv{version}, judged and recorded", result.rate, _UNIT, at_least=500, note=note)
        yield Measure(f"ours, IPv{version}, verdicts other than pass", odd, "", below=1)
        if version == 4:
            yield Measure("ratio to sr1()", result.rate / baseline, "x", at_least=50)


def _judged_and_recorded(endpoint: Endpoint) -> SoakResult:
    with tempfile.TemporaryDirectory() as folder, Recorder(Path(folder) / "bench.pcapng") as recorder:
        soak(endpoint, SoakOptions(count=_WARM_UP, trigger="target"))
        return soak(endpoint, SoakOptions(seconds=_SECONDS, trigger="target", recorder=recorder))


BENCH = Bench("open-close", "judged and recorded open and close", _run, order=10)
