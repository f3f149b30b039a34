"""Attempts that say nothing about the peer: nobody answered, our own kernel did, or the place was never reached."""

from __future__ import annotations

from probe.engine.belief.transcript import Transcript
from probe.results.verdict import Verdict
from probe.scenarios.steps import WINDOW, Scenario
from probe.spec.segment import ACK, RST, SYN

Void = tuple[Verdict, str]
"""Inconclusive or skip, and the reason."""


def why_void(scenario: Scenario, transcript: Transcript, *, answers: bool) -> Void | None:
    """What speaks against judging this attempt at all. ``answers``: the peer is known to answer."""
    if transcript.interrupted:
        return _cannot_tell("interrupted")
    if transcript.foreign:
        segment = transcript.foreign[0].segment
        return _cannot_tell(f"our own kernel answered ({segment.text()}): the guard did not hold the port")
    came = [e for _, e in transcript.seen() if not e.to_peer]
    if not came and answers:
        return None
    if not came:
        if scenario.opens == "peer":
            return _cannot_tell("the peer opened no connection to us")
        port = "filtered: no answer to a SYN" if scenario.port == "closed" else "no answer to our SYN"
        return _cannot_tell(port)
    first = came[0].segment
    if scenario.port == "open" and first.flags & RST and _opens(transcript):
        return _cannot_tell("connection refused: nothing listens on the port")
    if scenario.port == "closed" and first.flags & SYN:
        return Verdict.SKIP, "the port taken for a closed one is open; name one with --closed-port"
    return _window_open(transcript)


def _window_open(transcript: Transcript) -> Void | None:
    """What was to be shown with a closed window was never sent: text that is not taken may be lost, or short of room.

    A stack may run out of memory before the window it told is full (and Linux does); that is not what is asked here.
    """
    missing = next((m for m in transcript.missing if m.what == WINDOW), None)
    if missing is None:
        return None
    if missing.waited:
        return _cannot_tell("the text that was to close the peer's window was not acknowledged")
    return Verdict.SKIP, "the peer's receive window does not close, however much is sent"


def _cannot_tell(reason: str) -> Void:
    return Verdict.INCONCLUSIVE, reason


def _opens(transcript: Transcript) -> bool:
    """Whether the first segment of the record is our SYN."""
    _, first = transcript.seen()[0]
    return first.to_peer and first.segment.flags & (SYN | ACK | RST) == SYN
