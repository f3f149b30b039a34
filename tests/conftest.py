"""What every test shares: Hypothesis profiles, the order, and that PROBE_LIVE=require lets no live test be skipped."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Sequence
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


LONG = (
    "live/test_matrix.py",
    "live/test_zoo.py",
    "captures/test_artefacts.py",
    "live/test_death.py",
    "live/test_check.py",
    "live/test_listen.py",
    "live/test_recorded.py",
    "live/test_fleet.py",
    "live/test_firewalls.py",
    "live/test_stacks.py",
    "replay/test_one_path.py",
    "captures/test_captures.py",
    "replay/test_fragmented.py",
    "replay/test_run.py",
    "live/test_lwip.py",
    "live/test_ci.py",
    "live/test_mutants.py",
    "live/test_servers.py",
    "live/test_few_columns.py",
    "engine/judge/test_capture.py",
    "live/test_paths.py",
    "mutants/test_mutants.py",
    "live/test_places.py",
    "fuzz/test_smoke.py",
    "replay/test_expected.py",
    "replay/test_cluster.py",
    "replay/views/test_wireshark.py",
    "live/test_readme.py",
    "live/test_soak.py",
    "replay/test_extracting.py",
    "capture/test_layers.py",
    "test_readme.py",
    "engine/path/test_boxes.py",
    "live/test_replay_live.py",
    "live/test_active.py",
    "live/test_profiles.py",
)
"""The files of 15 seconds and more, the longest first; without those of a thousand short tests."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every worker begins with files of ``LONG``, dealt out like cards: none of them is left to the end, and alone."""
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
    computing = max(1, workers // 3)
    for live, some in ((True, hands[computing:]), (False, hands[:computing])):
        for place, name in enumerate(name for name in files if name.startswith("live/") is live):
            turn, at = divmod(place, len(some))
            some[-1 - at if turn % 2 else at] += files[name]
    found: list[Test] = []
    for place, hand in enumerate(hands):
        room = max(0, (len(items) - len(found)) // (workers - place) - len(hand))
        found += hand + others[:room]
        others = others[room:]
    return found + others
