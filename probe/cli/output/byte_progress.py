"""A progress bar for reading files: octets read, rate, time left; on a terminal's standard error only."""

from __future__ import annotations

import time

from probe.cli.output.terminal import StatusLine

_BAR = 24
_EVERY = 0.1
_UNITS = ("B", "kB", "MB", "GB", "TB")


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
    part = min(1.0, done / total)
    filled = "#" * round(part * _BAR)
    left = f", {max(0, total - done) / rate:.0f} s left" if rate else ""
    return f"[{filled:-<{_BAR}}] {part:4.0%} of {size(total)}, {speed}{left}"


def size(octets: float) -> str:
    """``512 B``, ``1.5 MB``: decimal units, as network tools count."""
    unit = 0
    while octets >= 1000 and unit < len(_UNITS) - 1:
        octets, unit = octets / 1000, unit + 1
    return f"{octets:.0f} B" if unit == 0 else f"{octets:.1f} {_UNITS[unit]}"
