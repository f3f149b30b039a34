"""The ladder of excuses: what may explain a departure, the plainer explanation first, and the doubt it leaves.

A live check asks which rung explains the departure and keeps the finding with that doubt; of a capture, which sits
somewhere on the path and tells nothing of the application, what any rung explains is no finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from probe.engine.belief.hypothesis import Excuse


class Doubt(Enum):
    """Why an opinion needs to be heard again before it counts; as a sentence for people."""

    NONE = "none"
    UNEXPLAINED = "unexplained"
    LOSS = "a lost segment would explain it"
    ABORT = "an application that aborts would explain it"
    DAMAGE = "a segment damaged on the way would explain it"
    REPEAT = "a segment duplicated on the way would explain it"
    OVERTAKEN = "segments of the peer that overtook each other would explain it"
    COOKIES = "a listener that keeps no state (SYN cookies) would explain it"
    FILTER = "a stateful filter before the peer would explain it"
    FLAGS = "a filter that drops unusual flags would explain it"
    OPTIONS = "a filter that drops unusual options would explain it"
    UNDELIVERED = "something that keeps all such segments of ours back would explain it"
    UNHEARD = "something that keeps all such segments of the peer back would explain it"
    FORGED = "another host that sends RSTs in the peer's name would explain it"
    TRANSLATION = "address translation before the peer would explain it"
    DEFERRED = "a listener that waits for text before it accepts would explain it"
    PROXY = "a SYN proxy before the peer would explain it"
    RELAYED = "an application behind a relay would explain it"
    REJECTED = "a host on the way that rejects such segments would explain it"
    UNRECORDED = "a segment that is not in the record would explain it"
    NO_EVIDENCE = "it tells nothing about the peer"


@dataclass(frozen=True, slots=True)
class Rung:
    """What a history may use, what is doubted where that explains a record, and which judges stand on it."""

    excuses: frozenset[Excuse]
    doubt: Doubt
    live: bool = True
    capture: bool = True


LADDER = (
    Rung(frozenset({Excuse.REPEAT}), Doubt.REPEAT),
    Rung(frozenset({Excuse.REPEAT, Excuse.COOKIES}), Doubt.COOKIES, capture=False),  # a loss is plainer there
    Rung(frozenset({Excuse.REPEAT, Excuse.ABORT}), Doubt.ABORT, capture=False),  # granted there from the start
    Rung(frozenset({Excuse.REPEAT, Excuse.LOSS}), Doubt.LOSS),
    Rung(frozenset({Excuse.REPEAT, Excuse.LOSS, Excuse.COOKIES, Excuse.ABORT}), Doubt.LOSS),
    # The tester records whatever it sends and sees, so that nothing is missing in a live check.
    Rung(frozenset({Excuse.REPEAT, Excuse.LOSS, Excuse.UNRECORDED}), Doubt.UNRECORDED, live=False),
)
GRANTED = frozenset({Excuse.ABORT, Excuse.EDGE, Excuse.ADVICE})
"""What every end in a capture may have done: its application is not ours and reads when it likes, so that its window
may be wider than it said last (RFC 9293 section 3.8.6.2.2); and whether what the text advises against is its doing or a
loss cannot be told."""
LIVE = tuple(rung for rung in LADDER if rung.live)
CAPTURE = tuple(rung.excuses | GRANTED for rung in LADDER if rung.capture)
