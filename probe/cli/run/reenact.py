"""`probe replay --live`: one captured connection re-enacted against a live target; prints and writes the result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from probe.cli.options.targets import resolve
from probe.cli.output.events import Teller
from probe.cli.output.outputs import Outputs
from probe.cli.output.publishing import Display, publish
from probe.cli.output.sinks import PatientRecorder
from probe.cli.run.outcome import Outcome
from probe.cli.run.signals import terminated_like_ctrl_c
from probe.live.reenact import LiveOptions, replay_live
from probe.reports import as_live_replay
from probe.wire.errors import TargetError

DEFAULT_PROFILE = "rfc9293"


@dataclass(frozen=True, slots=True)
class Request:
    """What to re-enact: connection ``connection`` of the one file (None: the first whose SYN was captured).

    ``deadline`` is after how many seconds it ends.
    """

    target: str
    files: Sequence[str]
    connection: int | None = None
    profile: str | None = None
    deadline: float | None = None


def run(request: Request, display: Display) -> int:
    """Re-enact it, print and write the result; the exit code. Raises TargetError or WireError with one sentence."""
    options = _options(request)
    target, wanted = resolve(request.target)[0].endpoint, display.reporting
    with ExitStack() as stack:
        outputs = Outputs(wanted, stack)
        recorder = None
        if wanted.save:
            # Not the comment of a check: what a re-enactment rests on, the capture, is not in this recording.
            recorder = PatientRecorder(wanted.save, f"probe replay --live, profile {options.profile}")
            stack.callback(recorder.close)
        outcome = Outcome("replay", outputs.expected, outputs.fail_on)
        teller = Teller(outputs.lines, outcome, outputs.expected)
        teller.begun(0, str(target), target.version)
        with terminated_like_ctrl_c():
            outcome.add(replay_live(target, replace(options, recorder=recorder)))
            teller.ended(0, outcome.runs[0])
            return publish(outcome, options.profile, display, outputs, recorder, as_live_replay.render)


def _options(request: Request) -> LiveOptions:
    """The same for the session; TargetError where it makes no sense."""
    if len(request.files) != 1:
        raise TargetError(f"--live re-enacts one connection of one file, not of {len(request.files)}: name the file")
    aims = resolve(request.target)
    if len(aims) > 1:
        both = " and ".join(str(aim.endpoint) for aim in aims)
        raise TargetError(f"{request.target} has two addresses, {both}: give --live one of them")
    until = None if request.deadline is None else time.monotonic() + request.deadline
    profile = request.profile or DEFAULT_PROFILE
    return LiveOptions(request.files[0], request.connection, profile, interface=aims[0].interface or None, until=until)
