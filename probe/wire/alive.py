"""Notices that the process whose network namespace we are in has ended, while the namespace lives on with us in it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from probe.wire.errors import WireError

_PF_EXITING = 0x4  # linux/sched.h
_LOOK_AGAIN = 0.005
"""Seconds between looks: they cost one read each, and a check looks at the line thousands of times."""


def started(process: int) -> str:
    """When a process began, in the kernel's clock ticks; empty when there is none or it has ended.

    Sockets close while a process is still exiting, so that counts as ended. See proc_pid_stat(5), fields 3, 9, 22.
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") or int(fields[6]) & _PF_EXITING else fields[19]


@dataclass(slots=True)
class Owner:
    """The process whose namespace is visited. Called, it raises WireError once that is gone. Can be pickled.

    Its sockets end with it, and the kernel, which is the peer, then resets what it had accepted: nothing that comes
    from then on tells how the peer opens and closes connections.
    """

    process: int
    what: str
    since: str = ""
    _next: float = field(default=0.0, repr=False)

    def __post_init__(self) -> None:
        self.since = self.since or started(self.process)

    def __call__(self) -> None:
        """WireError when it is gone."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _LOOK_AGAIN
        if self.gone():
            raise WireError(f"{self.what} ended during the run: what was found until then is reported; start it again")

    def gone(self) -> bool:
        """Whether it has ended; another process may have its number by now."""
        return not self.since or started(self.process) != self.since

    @contextmanager
    def ending(self) -> Iterator[int | None]:
        """A descriptor that becomes readable when it ends (pidfd_open(2)); None where it has ended already."""
        try:
            descriptor = os.pidfd_open(self.process)
        except ProcessLookupError:
            yield None
            return
        try:
            yield None if self.gone() else descriptor
        finally:
            os.close(descriptor)
