"""What a matrix may be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probe.recording.writing import Recording
from probe.spec.segment import KINDS


@dataclass(frozen=True, slots=True)
class MatrixOptions:
    """Settings of one matrix.

    ``only`` are pairs of a state and a kind of segment, by the RFC's names (empty: all). ``parallel`` bounds the
    connections the host sees at a time (None: many behind a ``probe target``, 5 behind any other server). The rest as
    in ``CheckOptions``. ``progress`` is called with (done, total).
    """

    profile: str = "rfc9293"
    trigger: str = "auto"
    only: frozenset[tuple[str, str]] = frozenset()
    patience: float | None = None
    interface: str | None = None
    source: str | None = None
    closed_port: int | None = None
    seed: int | None = None
    parallel: int | None = None
    recorder: Recording | None = None
    until: float | None = None
    progress: Callable[[int, int], None] | None = None
    watch: Callable[[], None] | None = None

    def wants(self, state: str, kind: str) -> bool:
        """Whether a cell of the matrix is asked for."""
        return not self.only or (state, kind) in self.only

    def kinds(self, state: str) -> tuple[str, ...]:
        """The columns asked for in a row."""
        return tuple(kind for kind in KINDS if self.wants(state, kind))
