"""What a check may be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probe.live.pacing import Pace
from probe.recording.writing import Recording
from probe.results.verdict import ExchangeResult


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Settings of one check.

    ``trigger``: auto, none, http, target, or a line of the user's that makes the server close. ``only`` names
    exchanges (empty: all; the slow ones only where ``slow``); ``waits`` False leaves out those that wait for a timer of
    the peer. ``patience`` is how many seconds a reply may take (None: ten round-trip times, at least 1 s). ``guarded``
    False lets our own kernel answer (tests only). ``parallel`` bounds the connections the host sees at a time: 5
    half-open ones fit the smallest usual backlog, that of Python's own servers; slow exchanges, which wait elsewhere,
    come on top. ``pace`` bounds how often a new one begins, and may be shared by checks of one host that follow each
    other. ``progress`` is called with (done, total), ``told`` with every result as soon as nothing can change it any
    more. ``until``, a moment of ``time.monotonic``, ends the check; what is not done by then is inconclusive.
    ``watch`` is called often and raises WireError when the peer is known to be gone: what was found until then stands.
    """

    profile: str = "rfc9293"
    trigger: str = "auto"
    only: tuple[str, ...] = ()
    waits: bool = True
    slow: bool = False
    patience: float | None = None
    interface: str | None = None
    source: str | None = None
    closed_port: int | None = None
    seed: int | None = None
    parallel: int = 5
    pace: Pace | None = None
    guarded: bool = True
    recorder: Recording | None = None
    progress: Callable[[int, int], None] | None = None
    told: Callable[[ExchangeResult], None] | None = None
    until: float | None = None
    watch: Callable[[], None] | None = None
