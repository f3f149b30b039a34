"""What the live runs may be told: what all of them share, and what each adds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from probe.engine.play.matrix.approaches import APPROACHES
from probe.engine.play.matrix.cells import cells
from probe.live.pacing import Pace
from probe.recording.writing import Recording
from probe.results.soak import SoakResult
from probe.results.verdict import ExchangeResult
from probe.spec.segment import KINDS, Endpoint
from probe.spec.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every live run may be told.

    ``profile`` is the reading of the RFC. ``patience`` is how many seconds a reply may take (None: ten round-trip
    times, at least 1 s); all other waits grow with it. ``interface`` and ``source`` say where packets leave, whatever
    the routes say. ``seed`` makes the tester's numbers repeatable. ``recorder`` gets every packet. ``until``, a moment
    of ``time.monotonic``, ends the run; what is not done by then is inconclusive. ``watch`` is called often and raises
    WireError when the peer is known to be gone: what was found until then stands. ``guarded`` False lets our own kernel
    answer (tests only).
    """

    profile: str = "rfc9293"
    patience: float | None = None
    interface: str | None = None
    source: str | None = None
    seed: int | None = None
    recorder: Recording | None = None
    until: float | None = None
    watch: Callable[[], None] | None = None
    guarded: bool = True

    def __post_init__(self) -> None:
        """A deadline that is no number never comes: ValueError."""
        if self.patience is not None and not 0 <= self.patience < math.inf:
            raise ValueError(f"patience is a finite number of seconds, not {self.patience}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions(Options):
    """Settings of one check.

    ``trigger``: auto, none, http, target, or a line of the user's that makes the server close. ``only`` names exchanges
    (empty: all; the slow ones only where ``slow``); ``waits`` False leaves out those that wait for a timer of the peer,
    ``skip`` those it names: they are reported as left out. ``revive`` is a command that brings a peer back that has
    ended. ``parallel`` bounds the connections the host sees at a time: 5 half-open ones fit the smallest usual backlog,
    that of Python's own servers; slow exchanges, which wait elsewhere, come on top. ``pace`` bounds how often a new one
    begins, and may be shared by checks of one host that follow each other. ``progress`` is called with (done, total),
    ``told`` with every result as soon as nothing can change it any more.
    """

    trigger: str = "auto"
    only: tuple[str, ...] = ()
    waits: bool = True
    slow: bool = False
    skip: tuple[str, ...] = ()
    revive: str = ""
    closed_port: int | None = None
    parallel: int = 5
    pace: Pace | None = None
    progress: Callable[[int, int], None] | None = None
    told: Callable[[ExchangeResult], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions(Options):
    """Settings of ``listen``.

    ``only`` names exchanges (empty: all that a peer opens); ``waits`` False leaves out those that wait for a timer.
    ``trigger``: auto (a client that speaks HTTP gets a page, another closes of itself), http, none, or a line that
    makes the client close. ``ask`` is a `probe target` that is told to connect. ``client`` alone is judged; else the
    first one that comes. ``count`` connections are taken at most, for ``deadline`` seconds at most. ``tell`` gets a
    sentence whenever what is waited for changes, ``told`` every result as soon as nothing can change it any more.
    """

    only: tuple[str, ...] = ()
    waits: bool = True
    trigger: str = "auto"
    ask: Endpoint | None = None
    client: str = ""
    versions: tuple[int, ...] = (4, 6)
    patience: float = 1.0
    count: int | None = None
    deadline: float | None = None
    parallel: int = 4
    tell: Callable[[str], None] | None = None
    told: Callable[[ExchangeResult], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixOptions(Options):
    """Settings of one matrix.

    ``only`` are pairs of a state and a kind of segment, by the RFC's names (empty: all). Cells that a pattern of
    ``skip`` names, by id or as ``STATE:SEGMENT``, are left out. ``parallel`` bounds the connections the host sees at
    a time (None: many behind a ``probe target``, 5 behind any other server). ``trigger``
    and ``progress`` as in ``CheckOptions``.
    """

    trigger: str = "auto"
    only: frozenset[tuple[str, str]] = frozenset()
    skip: tuple[str, ...] = ()
    closed_port: int | None = None
    parallel: int | None = None
    progress: Callable[[int, int], None] | None = None

    def kinds(self, state: str) -> tuple[str, ...]:
        """The columns asked for in a row."""
        return tuple(kind for kind in KINDS if not self.only or (state, kind) in self.only)


def cell_names() -> list[str]:
    """What ``MatrixOptions.skip`` may name: each place of the matrix, then every cell by its id."""
    places = [f"{state.value}:{kind}" for state in State for kind in KINDS]
    return [*places, *(cell.id for way in APPROACHES for kind in KINDS for cell in cells(way, kind))]


@dataclass(frozen=True, slots=True)
class ReenactOptions(Options):
    """What to re-enact: ``connection`` is its number in ``file`` (None: the first one with a SYN of its client).

    ``patience`` is what an answer may take beyond what the captured peer took (None: as learned of the path).
    """

    file: str
    connection: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakOptions(Options):
    """What is played how often: ``count`` exchanges, or for ``seconds``, whichever ends first; neither: until Ctrl-C.

    ``trigger`` as in ``CheckOptions``; where the exchange needs none, none is looked for. ``parallel`` bounds the
    connections the peer sees at a time, ``pace`` how often a new one begins. ``progress`` is called with the number of
    verdicts so far, after each; ``told``, once a second, with all that came of it so far.
    """

    exchange: str = "close-by-us"
    count: int | None = None
    seconds: float | None = None
    trigger: str = "auto"
    closed_port: int | None = None
    parallel: int = 16
    pace: Pace | None = None
    progress: Callable[[int], None] | None = None
    told: Callable[[SoakResult], None] | None = None
