"""The progress of a check: a line for one target, a bar for several; on a terminal's standard error only."""

from __future__ import annotations

import time

from probe.cli.output.terminal import Progress

_BAR = 24


class FleetProgress:
    """``[######------]  25% 2 of 8 hosts, 44 exchanges, 1 failed; 3 s`` from what every target's check says."""

    def __init__(self, line: Progress, targets: int, unit: str = "exchange") -> None:
        self._line, self._unit = line, unit
        self._targets = targets
        self._began = time.monotonic()
        self._parts: dict[int, tuple[int, int]] = {}
        self._over: dict[int, bool] = {}

    def going(self, place: int, done: int, total: int) -> None:
        """A target's check has come so far."""
        self._parts[place] = (done, total)
        self._show()

    def over(self, place: int, *, failed: bool) -> None:
        """A target's check has ended, or will never begin."""
        self._over[place] = failed
        self._show()

    def _show(self) -> None:
        self._line.show(self.text(time.monotonic() - self._began))

    def text(self, seconds: float) -> str:
        """The line after so many seconds."""
        shares = [done / total for place, (done, total) in self._parts.items() if total and place not in self._over]
        part = min(1.0, (sum(shares) + len(self._over)) / max(1, self._targets))
        count = sum(done for done, _ in self._parts.values())
        exchanges = f"{count} {self._unit}{'s' * (count != 1)}"
        failed = sum(self._over.values())
        beside = f", {failed} failed" if failed else ""
        filled = "#" * round(part * _BAR)
        return (
            f"[{filled:-<{_BAR}}] {part:4.0%} {len(self._over)} of {self._targets} targets,"
            f" {exchanges}{beside}; {seconds:.0f} s"
        )
