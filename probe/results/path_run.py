"""What `probe path` reports: the path of one target by itself, and its hops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from probe.results.exit_codes import ExitCode, heaviest
from probe.results.path import Path
from probe.results.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Hop:
    """A router on the way, counted from 1; ``host`` is empty where it says nothing.

    ``alive``: what a suspect keeps back was still alive there (None: it was not asked, or the router is silent).
    """

    number: int
    host: str = ""
    alive: bool | None = None


@dataclass(frozen=True, slots=True)
class PathRun:
    """What `probe path` found out: the suspects of one path, and its hops.

    ``hops`` are the routers before the target; ``sent`` is the segment that vanishes, in tcpdump's notation (empty:
    none was sent hop by hop). ``answered``: the target gives connections, so that there was something to look at.
    ``verdicts`` are those of the exchanges that were played for it.
    """

    target: str
    ip_version: int
    path: Path
    answered: bool
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()
    sent: str = ""
    profile: str = "rfc9293"
    seconds: float = 0.0
    interrupted: bool = False
    trouble: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Suspects fail nobody; a target that gives no connection shows nothing of its path."""
        code = ExitCode.CONFORMS if self.answered else ExitCode.INCONCLUSIVE
        return heaviest([code, *[ExitCode.INTERRUPTED] * self.interrupted])

    @property
    def vanishes(self) -> str:
        """Where the segment that vanishes does so, as a sentence; empty where nothing was sent hop by hop."""
        alive = [hop for hop in self.hops if hop.alive]
        if not self.sent:
            return ""
        if not alive:
            known = any(hop.host for hop in self.hops)
            where = "before the first router" if known and self.hops[0].alive is False else "at an unknown hop"
            return f"{self.sent} vanishes {where}"
        last = alive[-1]
        if last.number == len(self.hops):
            return f"{self.sent} was alive at {last.host}, the last router before the target"
        return f"{self.sent} was alive at {last.host} (hop {last.number}), and no longer at hop {last.number + 1}"
