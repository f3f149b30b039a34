"""What every test shares: Hypothesis profiles, and that under PROBE_LIVE=require no live test may be skipped."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator

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
