"""Re-enacts one captured connection against a live peer: `probe replay --live`."""

from __future__ import annotations

from dataclasses import replace

from probe.cli.options.targets import resolve_one
from probe.cli.run.frame import opened
from probe.cli.run.outcome import Checked, Display
from probe.live.options import ReenactOptions
from probe.live.reenact import reenact as play
from probe.reports.builders import reenact as builder


def reenact(target: str, options: ReenactOptions, display: Display) -> int:
    """Re-enact it, print and write the result; the exit code. Raises TargetError or WireError with one sentence."""
    peer = resolve_one(target, mend="give --live one of them")
    outcome = Checked("replay")
    # Not the comment of a check: what a re-enactment rests on, the capture, is not in this recording.
    with opened(outcome, display, f"probe replay --live, profile {options.profile}") as frame:
        frame.teller.begun(0, str(peer.endpoint), peer.endpoint.version)
        with frame.playing():
            interface = options.interface or peer.interface or None
            outcome.add(play(peer.endpoint, replace(options, interface=interface, recorder=frame.recorder)))
            frame.teller.ended(0, outcome.runs[0])
        return frame.report(outcome, options.profile, builder.document)
