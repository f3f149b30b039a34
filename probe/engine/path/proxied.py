"""Who answers SYNs in the peer's place does so anew each time, and tells of the peer's window once that is there."""

from __future__ import annotations

from collections import Counter

from probe.engine.path import readings
from probe.engine.path.proxy import through
from probe.engine.path.record import Record, is_proxied
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.results.path import Standing, Suspect, Suspicion


class Proxied:
    """What speaks for a SYN proxy and against it, attempt by attempt."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._anew: Counter[str] = Counter()
        """Exchanges with a SYN on a connection that stood, answered with numbers of its own."""

    def heard(self, record: Record) -> None:
        """One more attempt."""
        transcript, tally = record.case.transcript, self._tally
        if not is_proxied(record.case):
            return
        if (spliced := readings.spliced(transcript)) is not None:
            (tally.fits if spliced else tally.against)[record.name] += 1
        if (anew := readings.answers_anew(transcript)) is not None:
            (self._anew if anew else tally.faint)[record.name] += 1
        beyond = through(transcript)
        if beyond is None or beyond.taken:
            tally.rests[record.name] = None

    def suspicion(self, *, repeats: bool) -> Suspicion:
        """It is there once it told of the peer's window again and again, and took SYNs for the peer's connections.

        ``repeats``: the SYN,ACK was sent again, so that who answers SYNs keeps state of them.
        """
        tally, known, why = self._tally, Standing.OPEN, ""
        spliced, anew = tally.fits.total(), self._anew.total()
        if repeats or tally.against.total() >= max(spliced, 1) or tally.faint.total() >= max(anew, 1):
            known, why = Standing.REFUSED, "it is the peer that answers SYNs"
        elif spliced >= ENOUGH and len(self._anew) >= EXCHANGES:
            known = Standing.ACCEPTED
            why = f"a SYN proxy before the peer answers SYNs in its place ({anew} on connections that stood)"
        return tally.suspicion(Suspect.PROXY, known, why)
