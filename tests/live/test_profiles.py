"""The profiles against a kernel that has the mitigations of RFC 5961: the verdicts one expects, live and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.recording.reading import judge_recording
from probe.results.verdict import Run, Verdict
from probe.spec.segment import Endpoint
from probe.wire.record import Recorder

APART = ("rst-inside", "rst-inside-syn-received", "syn-inside", "syn-close-wait")
"""Exchanges in which the two readings differ."""
ALIKE = ("open", "close-by-us", "old-syn-established", "rst-outside", "abort-by-us")
WORDS = {"rst-inside": Verdict.WARN, "syn-inside": Verdict.WARN}
"""Under rfc793 by the level of the rule; the others are procedural text or a MUST."""


def words(run: Run) -> dict[str, Verdict]:
    return {e.id: e.verdict for e in run.exchanges}


def expected(profile: str) -> dict[str, Verdict]:
    departs = {name: WORDS.get(name, Verdict.FAIL) for name in APART}
    return dict.fromkeys((*APART, *ALIKE), Verdict.PASS) | (departs if profile == "rfc793" else {})


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("profile", ["rfc9293", "rfc793", "rfc5961"])
def test_the_kernel_is_judged_by_the_profile_asked_for(
    target: dict[int, Endpoint], version: int, profile: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.pcapng"
    with Recorder(path, "probe check, profile rfc9293; recording 1 by probe 0") as recorder:
        run = check(target[version], CheckOptions(profile=profile, only=(*APART, *ALIKE), recorder=recorder))
    assert words(run) == expected(profile), [(e.id, e.reason, e.findings) for e in run.exchanges]
    assert run.mixed is None
    (again,) = judge_recording(str(path)).report.runs
    assert (words(again), again.profile, again.mixed) == (words(run), profile, None)
    (other,) = judge_recording(str(path), "rfc5961").report.runs
    assert (words(other), other.profile) == (expected("rfc5961"), "rfc5961")
