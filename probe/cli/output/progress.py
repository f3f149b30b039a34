"""How far a run is: a line for one target, a bar for several or for files; on a terminal's standard error only."""

from __future__ import annotations

import time

from probe.cli.output.terminal import Progress, StatusLine
from probe.reports.wording import share_text

_EVERY = 0.1
_UNITS = ("B", "kB", "MB", "GB", "TB")


class FleetProgress:
    """``[######------]  25% 2 of 8 hosts, 44 exchanges, 1 failed; 3 s`` from what every target's check says."""

    def __init__(self, line: Progress, targets: int, unit: str = "exchange") -> None:
        self._line, self._targets, self._unit = line, targets, unit
        self._began = time.monotonic()
        self._parts: dict[int, tuple[int, int]] = {}
        self._over: dict[int, bool] = {}

    def going(self, place: int, done: int, total: int) -> None:
        """A target's check has come so far."""
        self._parts[place] = (done, total)
        self._line.show(self.text(time.monotonic() - self._began))

    def over(self, place: int, *, failed: bool) -> None:
        """A target's check has ended, or will never begin."""
        self._over[place] = failed
        self._line.show(self.text(time.monotonic() - self._began))

    def text(self, seconds: float) -> str:
        """The line after so many seconds."""
        shares = [done / total for place, (done, total) in self._parts.items() if total and place not in self._over]
        bar = share_text((sum(shares) + len(self._over)) / max(1, self._targets))
        count = sum(done for done, _ in self._parts.values())
        exchanges = f"{count} {self._unit}{'s' * (count != 1)}"
        failed = sum(self._over.values())
        beside = f", {failed} failed" if failed else ""
        return f"{bar} {len(self._over)} of {self._targets} targets, {exchanges}{beside}; {seconds:.0f} s"


class ByteProgress(StatusLine):
    """``[######------]  50 % of 5.0 GB, 210 MB/s, 12 s left``; callable with (octets read, size or None)."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._began = time.monotonic()
        self._next = self._began + _EVERY  # what takes no longer than that needs no bar

    def __call__(self, done: int, total: int | None) -> None:
        """Show how far it is, at most ten times a second."""
        now = time.monotonic()
        if self.on and now >= self._next:
            self._next = now + _EVERY
            self.show(bar(done, total, now - self._began))


def bar(done: int, total: int | None, seconds: float) -> str:
    """The line for ``done`` octets after ``seconds``; without a total only what was read and how fast."""
    rate = done / seconds if seconds > 0 else 0.0
    speed = f"{size(rate)}/s"
    if not total:
        return f"{size(done)} read, {speed}"
    left = f", {max(0, total - done) / rate:.0f} s left" if rate else ""
    return f"{share_text(done / total)} of {size(total)}, {speed}{left}"


def size(octets: float) -> str:
    """``512 B``, ``1.5 MB``: decimal units, as network tools count."""
    unit = 0
    while octets >= 1000 and unit < len(_UNITS) - 1:
        octets, unit = octets / 1000, unit + 1
    return f"{octets:.0f} B" if unit == 0 else f"{octets:.1f} {_UNITS[unit]}"
