"""Transcripts whose verdict rests on more than their shape, so that it is not to be remembered by that."""

from __future__ import annotations

from dataclasses import replace

from probe.engine.belief.events import Missing, Seen, Transcript


def stretched(transcript: Transcript) -> None:
    transcript.events[:] = [replace(event, time=event.time * 2000) for event in transcript.events]


def interfered_with(transcript: Transcript) -> None:
    transcript.foreign.append(next(e for e in transcript.events if isinstance(e, Seen)))


def interrupted(transcript: Transcript) -> None:
    transcript.interrupted = True


def lacking(transcript: Transcript) -> None:
    transcript.missing.append(Missing(2, "F", "close.passive-fin", False, 1.0))


def sealed_early(transcript: Transcript) -> None:
    transcript.sealed = 4


UNPLAIN = (stretched, interfered_with, interrupted, lacking, sealed_early)
