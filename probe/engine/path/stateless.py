"""A listener that keeps no state of a SYN: it repeats nothing, and knows an ACK by what it brings back alone."""

from __future__ import annotations

from probe.engine.path import readings
from probe.engine.path.record import COPIED, NOTHING, STATELESS, Record
from probe.engine.path.tally import ENOUGH, EXCHANGES, Tally
from probe.results.path import Standing, Suspect, Suspicion


class Cookies:
    """What speaks for SYN cookies and against them, attempt by attempt."""

    def __init__(self) -> None:
        self._tally = Tally()

    @property
    def refuted(self) -> bool:
        """Whether a SYN,ACK was repeated."""
        return bool(self._tally.against)

    def heard(self, record: Record) -> None:
        """One more attempt."""
        tally = self._tally
        if record.case.scenario.opens != "us":
            return
        if any(missing.what == "S." for missing in record.case.transcript.missing):
            tally.rests[record.name] = None
        if readings.repeats_syn_ack(record.case.transcript):
            tally.against[record.name] += 1
        elif record.plain.broken_at is None:
            return
        elif record.broken(NOTHING, COPIED) is not None and record.broken(NOTHING, STATELESS) is None:
            tally.fits[record.name] += 1
            tally.rests[record.name] = None

    def suspicion(self, *, proxied: bool) -> Suspicion:
        """What it comes to; ``proxied``: it is something before the peer that answers SYNs."""
        tally, known = self._tally, Standing.OPEN
        why = "the listener answers SYNs with cookies: it keeps no state, and repeats nothing"
        if proxied:
            known, why = Standing.REFUSED, "it is the SYN proxy that keeps no state"
        elif self.refuted:
            known, why = Standing.REFUSED, "the listener repeats its SYN,ACK, so that it keeps state"
        elif tally.fits.total() >= ENOUGH and len(tally.fits) >= EXCHANGES:
            known = Standing.ACCEPTED
        return tally.suspicion(Suspect.COOKIES, known, why)
