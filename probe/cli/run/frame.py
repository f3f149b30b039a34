"""The frame of every command that plays with a peer: what is open while it runs, and how what it found gets out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from probe.cli.output.events import Teller
from probe.cli.output.outputs import Outputs
from probe.cli.output.publishing import Render, publish
from probe.cli.output.sinks import PatientRecorder
from probe.cli.output.terminal import Progress
from probe.cli.run.outcome import Checked, Display, Outcome, terminated_like_ctrl_c
from probe.live.worker import Packet
from probe.reports import as_text
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

    def publish(self, outcome: Checked, profile: str, render: Render = as_text.render) -> int:
        """Write and print what was found; the exit code."""
        return publish(outcome, profile, self.display, self.outputs, self.recorder, render)


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
