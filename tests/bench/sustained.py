"""Open and close for a minute, every exchange judged and recorded: the rate holds, memory stays, no verdict is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from probe.live.options import SoakOptions
from probe.live.soak import soak
from probe.results.verdict import Verdict
from probe.wire.record import Recorder
from tests.bench.measure import Bench, Measure
from tests.bench.place import Place
from tests.bench.soak import GROWTH, Watcher, recorded_verdicts

_SECONDS = 60.0
_LOOKS = 12
_DUE = 3000


def _run(place: Place) -> Iterator[Measure]:
    watcher = Watcher(_SECONDS / _LOOKS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sustained.pcapng"
        with Recorder(path, "bench") as recorder:
            options = SoakOptions(seconds=_SECONDS, trigger="target", recorder=recorder, progress=watcher.look)
            result = soak(place.endpoints[4], options)
        recorded = recorded_verdicts(path)
    judged = sum(result.verdicts.values())
    note = f"{result.exchanges:,} exchanges in {result.seconds:.0f} s, the recording included"
    yield Measure("IPv4, judged and recorded", result.rate, "exchanges/s", at_least=_DUE, note=note)
    yield Measure("verdicts lost", result.exchanges - judged, "", below=1)
    yield Measure("attempts missing in the recording", result.attempts - recorded, "", below=1)
    yield Measure("verdicts other than pass", judged - result.verdicts.get(Verdict.PASS, 0), "", below=1)
    yield Measure("growth of memory once warm", watcher.growth() or 0.0, "MiB", below=GROWTH)


BENCH = Bench("sustained", "open and close for 60 s", _run, order=15)
