"""How long an answer may take, and what the first handshake tells of it; all in seconds."""

from __future__ import annotations

from probe.engine.belief.events import Seen
from probe.engine.trial.attempt import Attempt

LOCAL_PATIENCE, FIRST_PATIENCE = 1.0, 3.0
"""With a peer of this machine, and with another before anything is known of the path."""
SCHEDULING = 0.1
"""What a loaded machine may add to a peer's timer, granted before a delayed ACK counts as late."""
_ROUND_TRIPS = 10


def round_trip(attempt: Attempt) -> float | None:
    """How long the peer took to answer our first segment; None where it did not do so at once."""
    events = [e for e in attempt.conductor.transcript.events[:2] if isinstance(e, Seen)]
    if [e.to_peer for e in events] != [True, False]:
        return None
    return events[1].time - events[0].time


def patience(round_trip_time: float) -> float:
    """The patience on a path whose round trips take so long: ten of them, at least that with a local peer."""
    return max(LOCAL_PATIENCE, _ROUND_TRIPS * round_trip_time)
