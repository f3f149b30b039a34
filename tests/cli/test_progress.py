"""The progress bar of a replay: octets, rate, time left, on a terminal only."""

from __future__ import annotations

import sys

import pytest

from probe.cli.output.progress import ByteProgress, bar, size

Captured = pytest.CaptureFixture[str]


def test_the_bar() -> None:
    assert bar(50_000_000, 200_000_000, 0.5) == "[######------------------]  25% of 200.0 MB, 100.0 MB/s, 2 s left"
    assert bar(1500, None, 1.0) == "1.5 kB read, 1.5 kB/s"
    assert bar(10, 5, 0.0).startswith("[########################] 100%")
    assert (size(999), size(5e9)) == ("999 B", "5.0 GB")


def test_progress_goes_to_a_terminal_only(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    silent = ByteProgress()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = ByteProgress()
    for now[0] in (0.05, 0.2, 0.25, 0.4):
        silent(1, 2)
        shown(1, 2)
    assert capsys.readouterr().err.count("\r") == 2
    shown.clear()
    assert capsys.readouterr().err.endswith("\r")
