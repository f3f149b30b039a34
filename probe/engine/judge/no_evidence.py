"""Attempts that say nothing about the peer: nobody answered, our own kernel did, or the place was never reached."""

from __future__ import annotations

from probe.engine.belief.transcript import Transcript
from probe.results.verdict import Verdict, Why
from probe.scenarios.steps import WINDOW, Scenario
from probe.spec.segment import ACK, RST, SYN

Reason = tuple[Verdict, Why, str]
"""Inconclusive or skip, why, and the same as a sentence."""


def no_evidence(scenario: Scenario, transcript: Transcript, *, answers: bool) -> Reason | None:
    """What speaks against judging this attempt at all. ``answers``: the peer is known to answer."""
    if transcript.interrupted:
        return _cannot_tell(Why.INTERRUPTED, "interrupted")
    if transcript.foreign:
        segment = transcript.foreign[0].segment
        return _cannot_tell(
            Why.OWN_KERNEL, f"our own kernel answered ({segment.text()}): the guard did not hold the port"
        )
    came = [e for _, e in transcript.seen() if not e.to_peer]
    if not came and answers:
        return None
    if not came:
        if scenario.opens == "peer":
            return _cannot_tell(Why.NOT_OPENED, "the peer opened no connection to us")
        if scenario.port == "closed":
            return _cannot_tell(Why.FILTERED, "filtered: no answer to a SYN")
        return _cannot_tell(Why.NO_ANSWER, "no answer to our SYN")
    first = came[0].segment
    if scenario.port == "open" and first.flags & RST and _opens(transcript):
        return _cannot_tell(Why.REFUSED, "connection refused: nothing listens on the port")
    if scenario.port == "closed" and first.flags & SYN:
        return Verdict.SKIP, Why.PORT_OPEN, "the port taken for a closed one is open; name one with --closed-port"
    return _window_open(transcript)


def _window_open(transcript: Transcript) -> Reason | None:
    """What was to be shown with a closed window was never sent: text that is not taken may be lost, or short of room.

    A stack may run out of memory before the window it told is full (and Linux does); that is not what is asked here.
    """
    missing = next((m for m in transcript.missing if m.what == WINDOW), None)
    if missing is None:
        return None
    if missing.waited:
        return _cannot_tell(Why.WINDOW_FULL, "the text that was to close the peer's window was not acknowledged")
    return Verdict.SKIP, Why.WINDOW_OPEN, "the peer's receive window does not close, however much is sent"


def _cannot_tell(why: Why, reason: str) -> Reason:
    return Verdict.INCONCLUSIVE, why, reason


def _opens(transcript: Transcript) -> bool:
    """Whether the first segment of the record is our SYN."""
    _, first = transcript.seen()[0]
    return first.to_peer and first.segment.flags & (SYN | ACK | RST) == SYN
