"""What hosts on the way reject, by the ICMP errors that came: kinds of segment of which none was ever answered.

Who rejects segments does not say so every time (Linux: once a second; RFC 1812 section 4.3.2.8 wants such a limit), so
most of what it rejects meets silence. A kind of which one was answered is rejected for another reason than its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from probe.engine.belief.events import Transcript, segment_at
from probe.results.path import Standing, Suspect, Suspicion
from probe.spec.icmp import IcmpKind
from probe.spec.segment import OPENING, Segment, flags_text

_REJECTS = frozenset({IcmpKind.UNREACHABLE, IcmpKind.EXPIRED})


def kind(segment: Segment) -> str:
    """What tells segments apart that a host on the way rejects: the flags that steer, and whether there is text."""
    return flags_text(segment.flags & OPENING) + "+" * bool(segment.length)


class Rejections:
    """The errors of one run, attempt by attempt."""

    def __init__(self) -> None:
        self._errors: Counter[str] = Counter()
        self._rests: dict[str, None] = {}
        self._kinds: set[str] = set()
        self._arrived: set[str] = set()
        self._words = ""

    def heard(self, exchange: str, transcript: Transcript, answered: Iterable[int]) -> None:
        """One more attempt; ``answered`` are events of the tester that were certainly answered."""
        for error in transcript.errors:
            self._errors[exchange] += 1
            self._words = self._words or str(error.icmp)
        rejected = {e.about for e in transcript.errors if e.icmp.kind in _REJECTS} & transcript.undelivered
        if rejected:
            self._rests[exchange] = None
        self._kinds |= {kind(segment_at(transcript.judged, index)) for index in rejected}
        arrived = set(answered) - transcript.undelivered
        self._arrived |= {kind(segment_at(transcript.judged, index)) for index in arrived}

    def suspicion(self) -> Suspicion:
        """What it comes to; the variant lists the kinds (``models.model`` reads it)."""
        kinds = " ".join(sorted(self._kinds - self._arrived))
        reason = f"a host on the way rejects segments: {self._words}"
        return Suspicion(
            Suspect.ICMP, Standing.ACCEPTED, self._errors.total(), 0, reason, tuple(self._rests), variant=kinds
        )
