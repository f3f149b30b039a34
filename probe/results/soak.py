"""What came of one exchange played over and over: counts, times, what departed first, what the peer was left with."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.results.exit_codes import ExitCode
from probe.results.verdict import CloseForm, ExchangeResult, Verdict, exit_code


@dataclass(frozen=True, slots=True)
class Latency:
    """How long something took ``count`` times, in seconds on the kernel's clock; percentiles are within 1 %."""

    count: int
    least: float
    median: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class Outage:
    """The peer gave no answer, or refused, time and again; in seconds since the epoch.

    ``began`` is when it last answered as it should (else when the run began), ``ended`` when it did so again (None: not
    until the end of the run).
    """

    began: float
    ended: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SoakResult:
    """One run. ``exchanges`` were begun and each has one of the ``verdicts``; ``began`` is in seconds since the epoch.

    ``attempts`` counts connections; ``doubtful`` are attempts that had to be repeated or explained away. ``dropped``
    packets were lost in our own receive buffer. ``handshake`` is from our SYN to its answer, ``whole`` from the first
    segment to the last one that counts; both of attempts that passed. ``first`` is the first exchange that departed
    from the RFC, ``shown`` are the first few that did not pass, both whole. ``left`` counts the sockets that the peer
    still had for our ports at the end, by state; None where its kernel cannot be asked.
    """

    target: str
    ip_version: int
    exchange: str
    title: str
    profile: str
    began: float
    seconds: float
    exchanges: int
    attempts: int
    verdicts: dict[Verdict, int]
    forms: dict[CloseForm, int] = field(default_factory=dict)
    doubtful: int = 0
    dropped: int = 0
    handshake: Latency | None = None
    whole: Latency | None = None
    first: ExchangeResult | None = None
    shown: tuple[ExchangeResult, ...] = ()
    left: dict[str, int] | None = None
    outages: tuple[Outage, ...] = ()
    warnings: tuple[str, ...] = ()
    interrupted: bool = False
    trouble: str = ""

    @property
    def rate(self) -> float:
        """Exchanges per second."""
        return self.exchanges / self.seconds if self.seconds else 0.0

    def exit_code(self, fail_on: frozenset[Verdict] = frozenset()) -> ExitCode:
        """As for a check; verdicts of ``fail_on`` fail too."""
        words = [word for word, count in self.verdicts.items() if count]
        return exit_code(words, fail_on, interrupted=self.interrupted and not self.trouble)
