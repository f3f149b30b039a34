"""A relay or translator, or a peer without a route to us, lets connections through in one direction only."""

from __future__ import annotations

from probe.engine.path.record import Record, anything_came, was_aborted
from probe.engine.path.tally import ENOUGH, Tally
from probe.results.path import Standing, Suspect, Suspicion


class WayBack:
    """Whether connections that the peer was told to open came, attempt by attempt.

    That an application was told to abort and the connection did not end so points to a relay, which cannot hand on a
    RST; by itself it may as well be the peer's fault.
    """

    def __init__(self) -> None:
        self._tally = Tally()
        self._reached = False
        self._unaborted = 0

    def heard(self, record: Record) -> None:
        """One more attempt."""
        tally, came = self._tally, anything_came(record.case)
        if record.case.scenario.opens == "us":
            self._reached |= came
            self._unaborted += came and record.case.scenario.aborts and not was_aborted(record.case)
        else:
            (tally.against if came else tally.fits)[record.name] += 1
            tally.rests[record.name] = None

    def suspicion(self) -> Suspicion:
        """What it comes to."""
        tally = self._tally
        told = tally.fits.total()
        if tally.against:
            return tally.suspicion(Suspect.NO_WAY_BACK, Standing.REFUSED, "")
        if not self._reached or told < ENOUGH:
            return Suspicion(Suspect.NO_WAY_BACK, fits=told + self._unaborted)
        why = (
            f"no connection of the peer's reaches us (0 of {told} came, as from behind a relay or translation): run"
            " probe where it can connect back"
        )
        return tally.suspicion(Suspect.NO_WAY_BACK, Standing.ACCEPTED, why)
