"""Notices when a peer that answered has fallen silent, and where: it may have crashed over what it was sent."""

from __future__ import annotations

from probe.engine.belief.events import Seen
from probe.engine.trial.attempt import Attempt


class Silence:
    """``count`` attempts at an open port in a row drew no answer at all; 0 for a peer that never gave one."""

    def __init__(self) -> None:
        self.count = 0
        self._last: tuple[float, str, int] | None = None

    @property
    def answered(self) -> bool:
        """Whether it ever gave an answer."""
        return self._last is not None

    def heard(self, attempt: Attempt) -> None:
        """An attempt ended. One that was broken off, or that waited for the peer to begin, tells nothing."""
        transcript = attempt.conductor.transcript
        came = [e for e in transcript.events if isinstance(e, Seen) and not e.to_peer]
        if came and (self._last is None or came[-1].time >= self._last[0]):
            self._last = came[-1].time, attempt.scenario.id, came[-1].number
        if attempt.scenario.port != "open" or attempt.scenario.opens != "us" or transcript.interrupted:
            return
        answered = any(not event.to_peer for _, event in transcript.seen())  # what is cleared up draws other answers
        self.count = self.count + 1 if self.answered and not answered else 0

    def sentence(self, target: object) -> str:
        """What is to be said of a peer that is asked no further."""
        assert self._last is not None, "a peer that never answered does not fall silent"
        _, exchange, packet = self._last
        numbered = f" (packet {packet})" if packet else ""
        return (
            f"{target}: fell silent: {self.count} connections in a row without answer, so it was asked no further;"
            f" its last segment came in {exchange}{numbered}"
        )
