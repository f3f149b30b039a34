"""What kind of open and close a record shows, in the words of the documented exchanges."""

from __future__ import annotations

from probe.engine.belief.events import Seen
from probe.engine.belief.transcript import Transcript
from probe.results.verdict import CloseForm
from probe.spec.segment import ACK, FIN, RST, SYN


def close_form(transcript: Transcript) -> CloseForm:
    """The form of the close, NONE when the record holds no complete one."""
    seen = [event for _, event in transcript.seen()]
    ours = next((e for e in seen if e.to_peer and e.segment.flags & FIN), None)
    theirs = next((e for e in seen if not e.to_peer and e.segment.flags & FIN), None)
    if any(e.segment.flags & RST for e in seen if e is not seen[-1]) and (ours is None or theirs is None):
        return CloseForm.RESET
    if ours is None or theirs is None:
        return CloseForm.NONE
    first, second = (ours, theirs) if seen.index(ours) < seen.index(theirs) else (theirs, ours)
    return _form(seen, first, second)


def _form(seen: list[Seen], first: Seen, second: Seen) -> CloseForm:
    covers = first.segment.end
    if not second.segment.flags & ACK or second.segment.ack != covers:
        return CloseForm.SIMULTANEOUS
    between = seen[seen.index(first) + 1 : seen.index(second)]
    answered = any(
        e.to_peer == second.to_peer and e.segment.flags & (ACK | FIN | SYN) == ACK and e.segment.ack == covers
        for e in between
    )
    return CloseForm.FOUR if answered else CloseForm.THREE
