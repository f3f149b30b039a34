"""The frame of every command that plays with a peer: what is open while it runs, and how what it found gets out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from probe.cli.output.events import Teller
from probe.cli.output.outputs import Deviations, Outputs
from probe.cli.output.sinks import PatientRecorder
from probe.cli.output.terminal import Progress
from probe.cli.run.outcome import Checked, Display, Outcome, terminated_like_ctrl_c
from probe.live.worker import Packet
from probe.reports.builders import check
from probe.reports.document import Document
from probe.results.exit_codes import ExitCode
from probe.results.expectations import from_runs
from probe.results.verdict import Expected, Report
from probe.wire.errors import TargetError, WireError


@dataclass(frozen=True, slots=True)
class Frame:
    """The files of a run and who tells of its events."""

    outcome: Outcome
    display: Display
    outputs: Outputs
    recorder: PatientRecorder | None
    teller: Teller
    progress: Progress

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Within, trouble and Ctrl-C end the play and not the command: what was found until then is published."""
        try:
            yield
        except KeyboardInterrupt:
            self.outcome.interrupted = True
        except (WireError, TargetError) as error:
            self.outcome.failed(error)

    def record(self, packets: Iterable[Packet]) -> int:
        """Write what a worker recorded; so many packets the file held before."""
        if self.recorder is None:
            return 0
        base = self.recorder.count
        for one in packets:
            self.recorder.add(one.packet, one.time, one.comments, sent=one.sent)
        self.recorder.flush()
        return base

    def report(self, outcome: Checked, profile: str, build: Callable[[Report], Document] | None = None) -> int:
        """Write and print the runs of a check; the exit code. ``build`` makes the document, if not as a check's."""
        self.close()
        report, show = outcome.report(profile), self.display.show
        document = build(report) if build else check.document(report, lambda result: result.id in show)
        warnings = (*report.warnings, *(w for run in report.runs for w in run.warnings))

        def deviations(today: str, reason: str) -> tuple[Expected, ...]:
            return from_runs(report.runs, (), today, reason, report.expected)

        return self.publish(document, report.exit_code, deviations, warnings)

    def close(self) -> None:
        """Close the recording before anything is written: its trouble belongs into the reports."""
        if self.recorder is not None:
            self.recorder.close()
            if self.recorder.trouble is not None:
                self.outcome.failed(self.recorder.trouble)

    def publish(
        self, document: Document, found: ExitCode, deviations: Deviations | None, warnings: Iterable[str]
    ) -> int:
        """Write and print a document; the exit code, where the results by themselves call for ``found``."""
        outcome = self.outcome
        return self.outputs.publish(
            document,
            outcome,
            lambda: outcome.exit_code(found),
            deviations=deviations,
            warnings=warnings,
            quiet=self.display.quiet,
        )


@contextmanager
def opened(outcome: Outcome, display: Display, comment: str, unit: str = "exchanges") -> Iterator[Frame]:
    """Open the files, the recording with ``comment``; WireError before anything runs where one cannot be written.

    ``unit`` is what the progress line counts.
    """
    with ExitStack() as stack:
        outputs = Outputs(display.reporting, stack)
        recorder = PatientRecorder(display.reporting.save, comment) if display.reporting.save else None
        if recorder is not None:
            stack.callback(recorder.close)
        outcome.expected, outcome.fail_on = outputs.expected, outputs.fail_on
        stack.enter_context(terminated_like_ctrl_c())
        teller = Teller(outputs.lines, outcome, outputs.expected)
        yield Frame(outcome, display, outputs, recorder, teller, Progress(quiet=display.quiet, unit=unit))
