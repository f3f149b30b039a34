"""What a check has found so far: runs, targets without one, errors; in the order in which the targets were given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probe.cli.output.sinks import PatientRecorder
from probe.live.worker import Job, Packet
from probe.results.exit_codes import ENVIRONMENT, INTERRUPTED, USAGE, VIOLATED
from probe.results.expectations import fates, marked_run
from probe.results.verdict import ExchangeResult, Expected, Report, Run, Unchecked, Verdict
from probe.wire.errors import TargetError, WireError

_AFTER_ALL = 1 << 30
"""The place of errors that belong to no target."""


@dataclass(slots=True)
class Outcome:
    """Keyed by place; ``errors`` are sentences with the exit code each calls for.

    ``expected`` are deviations that do not fail the run, ``fail_on`` verdicts that do.
    """

    command: str = "check"
    expected: tuple[Expected, ...] = ()
    fail_on: frozenset[Verdict] = frozenset()
    runs: dict[int, Run] = field(default_factory=dict)
    unchecked: dict[int, Unchecked] = field(default_factory=dict)
    errors: list[tuple[int, str, int]] = field(default_factory=list)
    interrupted: bool = False

    def failed(self, error: WireError | TargetError, place: int = _AFTER_ALL) -> None:
        """Note a trouble and go on."""
        self.errors.append((place, str(error), USAGE if isinstance(error, TargetError) else ENVIRONMENT))
        self.errors.sort(key=lambda entry: entry[0])

    def lost(self, place: int, unchecked: Unchecked, error: WireError | TargetError) -> None:
        """A target of which there will be no run."""
        self.unchecked[place] = unchecked
        self.failed(error, place)

    def not_begun(self, job: Job, error: WireError | TargetError) -> None:
        """The same, of one whose address is known."""
        self.lost(job.number, Unchecked(str(job.target), str(error), job.target.version, job.name), error)

    def found(self, job: Job, run: Run) -> None:
        """A check ended; trouble on its way is an error too, but what it found stands."""
        self.add(replace(run, name=job.name), job.number)

    def add(self, run: Run, place: int = 0) -> None:
        """Take a run in; one that ended early says why."""
        self.runs[place] = marked_run(run, self.expected)
        if run.trouble:
            self.failed(WireError(run.trouble), place)
        elif run.interrupted:
            self.interrupted = True

    def left_out(self, jobs: list[Job]) -> None:
        """Interrupted: those that never had their turn."""
        for job in jobs:
            if job.number not in self.runs and job.number not in self.unchecked:
                reason = "interrupted before its turn"
                self.unchecked[job.number] = Unchecked(str(job.target), reason, job.target.version, job.name)

    def report(self, profile: str) -> Report:
        """What the reports are made of."""
        runs = tuple(self.runs[place] for place in sorted(self.runs))
        unchecked = tuple(self.unchecked[place] for place in sorted(self.unchecked))
        return Report(
            self.command,
            profile,
            runs,
            self.interrupted,
            unchecked=unchecked,
            fail_on=self.fail_on,
            expected=fates(self.expected, runs),
        )

    def exit_code(self, report: Report) -> int:
        """A violation outweighs everything, an interruption what went wrong beside it."""
        code = report.exit_code
        if code == VIOLATED or self.interrupted:
            return code if code == VIOLATED else INTERRUPTED
        return self.errors[0][2] if self.errors else code

    @property
    def sentences(self) -> list[str]:
        """The errors for people."""
        return [sentence for _, sentence, _ in self.errors]


def kept(run: Run, packets: tuple[Packet, ...], recorder: PatientRecorder) -> Run:
    """Write what a worker recorded; the run with the numbers its packets have in the file."""
    base = recorder.count
    for one in packets:
        recorder.add(one.packet, one.time, one.comments, sent=one.sent)
    recorder.flush()
    return replace(run, exchanges=tuple(_renumbered(result, base) for result in run.exchanges)) if base else run


def _renumbered(result: ExchangeResult, base: int) -> ExchangeResult:
    steps = tuple(replace(step, number=step.number + base) if step.number else step for step in result.steps)
    findings = tuple(
        replace(finding, packets=tuple(number + base for number in finding.packets)) for finding in result.findings
    )
    return replace(result, steps=steps, findings=findings)
