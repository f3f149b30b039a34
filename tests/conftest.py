"""What every test shares: Hypothesis profiles, the order, and that PROBE_LIVE=require lets no live test be skipped."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from hypothesis import HealthCheck, settings

# A shared or loaded machine makes one example slow now and then; that is no finding.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("house"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

# A run under GitHub Actions must not take the tests' own runs for its report.
for _name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(_name, None)

# A script that puts the run in the background (`make test &`) has it ignore SIGINT, and every child inherits that.
# Tests of Ctrl-C need it to arrive; `probe` itself leaves it ignored, as nohup's SIGHUP (probe.cli.run.outcome).
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_OWN = Path("/proc/thread-self/ns/net")
LIVE_REQUIRED = os.environ.get("PROBE_LIVE") == "require"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns the skip of a live test into a failure where the gate demands that it runs."""
    report = yield
    if LIVE_REQUIRED and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("live"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"PROBE_LIVE=require, but this live test was skipped: {reason.removeprefix('Skipped: ')}"
    return report


@pytest.fixture(autouse=True)
def stays_in_its_namespace() -> Iterator[None]:
    """A test that moved its worker elsewhere would take the network from those after it, in whatever order they run."""
    before = _OWN.readlink()
    yield
    assert _OWN.readlink() == before, "the test moved its process into another network namespace"


LONG = {
    "live/test_matrix.py": 270,
    "live/test_zoo.py": 190,
    "live/test_death.py": 185,
    "live/test_check.py": 165,
    "captures/test_artefacts.py": 160,
    "live/test_listen.py": 155,
    "live/test_recorded.py": 140,
    "live/test_fleet.py": 135,
    "live/test_firewalls.py": 120,
    "live/test_stacks.py": 110,
    "replay/test_one_path.py": 75,
    "captures/test_captures.py": 70,
    "live/test_lwip.py": 65,
    "live/test_ci.py": 60,
    "live/test_servers.py": 50,
    "live/test_few_columns.py": 45,
    "replay/test_fragmented.py": 45,
    "replay/test_run.py": 45,
    "engine/judge/test_capture.py": 40,
    "live/test_mutants.py": 40,
    "live/test_paths.py": 35,
    "mutants/test_mutants.py": 30,
    "live/test_places.py": 30,
    "fuzz/test_smoke.py": 25,
    "replay/test_cluster.py": 25,
    "replay/views/test_wireshark.py": 25,
    "live/test_readme.py": 25,
    "live/test_soak.py": 25,
    "replay/test_extracting.py": 25,
    "capture/test_layers.py": 25,
    "test_readme.py": 20,
    "engine/path/test_boxes.py": 20,
    "live/test_replay_live.py": 20,
    "live/test_active.py": 20,
    "live/test_profiles.py": 15,
}
"""Files of some length, with their seconds in one run; those of a thousand short tests are none."""
SHORT = 5
"""The seconds of any other live one."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every worker begins with long files: none of them is left to the end, when it would run alone."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items[:] = dealt(items, workers)


class Named(Protocol):
    """A test, as far as its order goes."""

    @property
    def nodeid(self) -> str:
        """As pytest prints it."""


Test = TypeVar("Test", bound=Named)


def dealt(items: Sequence[Test], workers: int) -> list[Test]:
    """The tests in the order in which xdist (``--dist worksteal``) gives each worker an equal number of neighbours.

    The live ones mostly wait, and not as long where little else runs: a third of the workers begin with what computes,
    which keeps the processors busy, the others with them, and all that are no long ones follow.
    """
    files: dict[str, list[Test]] = {name: [] for name in LONG}
    others: list[Test] = []
    for item in items:
        name = item.nodeid.partition("::")[0].removeprefix("tests/")
        if name.startswith("live/"):
            files.setdefault(name, [])
        files.get(name, others).append(item)
    hands: list[list[Test]] = [[] for _ in range(workers)]
    computing, loads = max(1, workers // 3), [0] * workers
    for name in sorted(files, key=lambda name: -LONG.get(name, SHORT)):
        some = range(computing, workers) if name.startswith("live/") else range(computing)
        at = min(some, key=loads.__getitem__)
        loads[at] += LONG.get(name, SHORT)
        hands[at] += files[name]
    found: list[Test] = []
    for place, hand in enumerate(hands):
        room = max(0, (len(items) - len(found)) // (workers - place) - len(hand))
        found += hand + others[:room]
        others = others[room:]
    return found + others
