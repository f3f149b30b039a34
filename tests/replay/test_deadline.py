"""The deadline of a replay: what was read until it comes counts, whoever reads, and whatever it waits for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.capture import cuts
from probe.capture.reader import Reading
from probe.replay import run as module
from probe.replay.deadline import Deadline, LateError
from probe.replay.run import ReplayOptions, replay
from tests.replay.test_run import traffic

SOON = 0.3


def test_a_wait_is_cut_short() -> None:
    gate, other = os.pipe()
    before = signal.getsignal(signal.SIGALRM)
    with Deadline(time.monotonic() + SOON) as deadline:
        with pytest.raises(LateError), deadline.waiting():
            os.read(gate, 1)
        assert deadline.came
        with pytest.raises(LateError):
            deadline.check()
    assert signal.getsignal(signal.SIGALRM) is before
    os.close(gate)
    os.close(other)


def test_it_comes_between_items_and_never_while_one_is_worked_on() -> None:
    with Deadline(time.monotonic() + SOON) as deadline:
        items = deadline.each("abc")
        assert next(items) == "a"
        while time.monotonic() < deadline_of(deadline):
            pass  # at work on the first one
        with pytest.raises(LateError):
            next(items)


def deadline_of(deadline: Deadline) -> float:
    assert deadline._until is not None
    return deadline._until + SOON / 10


def test_without_one_all_comes() -> None:
    with Deadline(None) as deadline:
        assert list(deadline.each("abc")) == ["a", "b", "c"]
    assert not deadline.came


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_read_until_then_is_told(tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later chunks of the file come late; processes of their own read them in time, but are told no more."""
    monkeypatch.setitem(Reading.__init__.__kwdefaults__, "chunk", 4000)  # type: ignore[arg-type]
    monkeypatch.setattr(module, "PART", 9000)
    monkeypatch.setattr(module, "PART_LISTED", 9000)
    monkeypatch.setattr(cuts.cut, "__defaults__", (1000,))
    path, real = traffic(tmp_path), Deadline.each

    def slow(self: Deadline, items: Iterator[object]) -> Iterator[object]:
        for number, item in enumerate(real(self, items)):
            yield item
            if number == 2 and self._until is not None:
                self._until = 0.0

    monkeypatch.setattr(Deadline, "each", slow)
    found = replay(ReplayOptions((str(path),), workers=workers, until=time.monotonic() + 600))
    assert (found.late, found.interrupted, found.exit_code) == (True, False, 3)
    assert 5 < found.connections < 290
    assert found.verdicts == {"pass": found.connections}
    assert len(found.listed) == found.connections
