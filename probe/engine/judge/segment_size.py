"""How much text the peer puts into a segment: no more than our MSS, or the default where we named none.

What a card or the kernel merged was never on a wire: it breaks no rule, and shows none unless a whole segment is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from probe.engine.belief.events import Seen, Transcript
from probe.scenarios.steps import Scenario
from probe.spec.segment import MSS, RST, SYN

DEFAULT, RESPECTED = "opt.mss-default", "opt.mss-respected"
RULES = frozenset({DEFAULT, RESPECTED})
_DEFAULTS = {4: 536, 6: 1220}
"""The send MSS where none was received (RFC 9293 section 3.7.1, MUST-15)."""
UNKNOWN = "the segments were merged before they were seen (offload): how large they were on the wire is not known"


@dataclass(frozen=True, slots=True)
class Sizes:
    """What was seen under one rule. ``limit`` is the MSS in force since ``asked``, our SYN.

    ``large`` is a segment that is larger for certain, ``kept`` says whether the rule was seen to be kept.
    """

    rule: str
    limit: int
    asked: Seen
    large: Seen | None
    kept: bool


def sizes(scenario: Scenario, transcript: Transcript, version: int) -> Sizes | None:
    """The sizes of the peer's segments, where the exchange is about them; None where no text came."""
    seen = [event for _, event in transcript.seen()]
    asked = next((e for e in reversed(seen) if e.to_peer and e.segment.flags & SYN), None)
    if asked is None or not RULES & set(scenario.shows):
        return None
    option = asked.segment.option(MSS)
    limit = _DEFAULTS[version] if option is None else int.from_bytes(option.data, "big")
    text = [e for e in seen if not e.to_peer and e.segment.length and not e.segment.flags & (SYN | RST)]
    if not text:
        return None
    # Text and options share the room of the MSS (RFC 9293 section 3.7.1, MUST-16; RFC 6691 section 2).
    filled = [(e, e.segment.length + sum(option.size for option in e.segment.options)) for e in text]
    over = [e for e, size in filled if size > limit]
    large = next((e for e in over if not e.segment.merged), None)
    kept = large is None and (not over or any(size == limit for _, size in filled))
    return Sizes(DEFAULT if option is None else RESPECTED, limit, asked, large, kept)
