"""What one matrix found out: plain frozen records, the only thing its reports know."""

from __future__ import annotations

from dataclasses import dataclass, replace

from probe.results.exit_codes import ExitCode
from probe.results.learned import Learned
from probe.results.path import Path
from probe.results.proofs import Proofs
from probe.results.verdict import Expected, Finding, Known, Verdict, Why, WithNews, exit_code


@dataclass(frozen=True, slots=True)
class CellResult(WithNews):
    """The verdict on one segment at one position in one state; ``way`` says how the peer was brought there.

    ``id`` names the cell, ``established:ACK:RCV.NXT:SND.NXT+1``; empty where no cell of the column was made.
    ``seq`` and ``ack`` name the numbers in the RFC's variables. ``sent``, ``due`` and ``came`` are relative to the
    ISNs; ``next_states`` is what the segments prove, ``kernel_state`` what the peer's own kernel said last, where it
    can be asked. ``notes`` are told beside the verdict and do not weigh on it; ``proofs`` are what it stands on.
    """

    ip_version: int
    state: str
    way: str
    segment: str
    seq: str
    ack: str
    payload: bool
    verdict: Verdict
    reason: str = ""
    rule: str = ""
    level: str = ""
    clause: str = ""
    sent: str = ""
    due: str = ""
    came: str = ""
    next_states: tuple[str, ...] = ()
    kernel_state: str | None = None
    attempts: int = 0
    findings: tuple[Finding, ...] = ()
    known: tuple[Known, ...] = ()
    why: Why = Why.NONE
    id: str = ""
    notes: tuple[Finding, ...] = ()
    proofs: Proofs | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What options may call it."""
        return self.id, self.place

    @property
    def place(self) -> str:
        """``ESTABLISHED:SYN+ACK``, as --only and expectations name it."""
        return f"{self.state}:{self.segment}"


@dataclass(frozen=True, slots=True)
class ApproachResult:
    """Whether the peer could be brought into a state one way; ``verdict`` is ``pass`` where it could.

    ``unanswered`` are the questions that this peer does not answer there as it should, by their names in the recording.
    """

    ip_version: int
    state: str
    way: str
    verdict: Verdict
    reason: str = ""
    why: Why = Why.NONE
    unanswered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatrixRun:
    """One target over one IP version. ``trouble`` says why it ended early, if the line failed under way.

    ``late``: the deadline of the run ended it. ``path`` is what it found out about the path, ``learned`` about the
    peer's ways.
    """

    target: str
    ip_version: int
    trigger: str
    cells: tuple[CellResult, ...]
    ways: tuple[ApproachResult, ...]
    connections: int = 0
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False
    trouble: str = ""
    late: bool = False
    path: Path | None = None
    learned: Learned | None = None


def renumbered(run: MatrixRun, base: int) -> MatrixRun:
    """The run with the numbers its packets have in a recording that held ``base`` packets before."""

    def moved(cell: CellResult) -> CellResult:
        findings, notes = (tuple(one.renumbered(base) for one in some) for some in (cell.findings, cell.notes))
        return replace(cell, findings=findings, notes=notes, proofs=cell.proofs and cell.proofs.renumbered(base))

    return replace(run, cells=tuple(map(moved, run.cells))) if base else run


@dataclass(frozen=True, slots=True)
class MatrixReport:
    """Everything one command found out; ``fail_on`` and ``expected`` as in ``probe.results.verdict.Report``."""

    profile: str
    runs: tuple[MatrixRun, ...] = ()
    interrupted: bool = False
    fail_on: frozenset[Verdict] = frozenset()
    expected: tuple[Expected, ...] = ()

    @property
    def cells(self) -> tuple[CellResult, ...]:
        """The cells of all runs, in order."""
        return tuple(cell for run in self.runs for cell in run.cells)

    @property
    def exit_code(self) -> ExitCode:
        """What its cells come to; ``fail_on`` fails too."""
        words = {cell.news for cell in self.cells}
        return exit_code(() if words <= {Verdict.SKIP} else words, self.fail_on, interrupted=self.interrupted)
