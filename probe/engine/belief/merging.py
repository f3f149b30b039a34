"""Histories that no later segment can tell apart, held as one: what keeps a long record followable.

For whom what an end did *not* do is no evidence (``Terms.merged``: captures). Each history is kept as lazy as it can
be, as what is under way may arrive at any time: another history that it turns into by processing some of that is no
other. So what is under way can be held in few pieces:

- text, in what order it may arrive and how much of it may have arrived, as stretches of octets: an acknowledgment says
  how far it came. What lies behind a gap waits for what fills it;
- of acknowledgments of nothing else the last one, as who has heard of less may send whatever who has heard of more may
  send (RFC 9293 section 3.4: acknowledgments are cumulative; 3.10.8: SND.UNA bounds from below what is sent again).
"""

from __future__ import annotations

from collections.abc import Set

from probe.engine.belief.hypothesis import Excuse, Hypothesis
from probe.spec.records import replace
from probe.spec.segment import ACK, OPENING, URG, Segment
from probe.spec.seq import Seq, later
from probe.spec.states import FIN_SENT, SYNCHRONIZED, State
from probe.spec.tcb import Tcb

_FORGOTTEN = frozenset({Excuse.LOSS, Excuse.ABORT, Excuse.REPEAT, Excuse.UNRECORDED, Excuse.EDGE, Excuse.ADVICE})
"""Excuses that are granted as often as needed: that one was used decides nothing. Of a reply only one may be odd."""
_TAKES_TEXT = frozenset({State.SYN_RECEIVED, *SYNCHRONIZED} - {State.TIME_WAIT})

Waiting = list[tuple[int, Segment]]


def under_way(h: Hypothesis, index: int, segment: Segment) -> Hypothesis:
    """The history with the segment of event ``index`` on its way, in as few pieces as can be."""
    if not _is_orderly(segment, h.tcb) or not _continues(h, segment):
        return replace(h, inflight=(*h.inflight, (index, segment)))
    # What came since the last segment of another kind: ACKs, the text behind them, and ACKs since the text began.
    first = max((place + 1 for place, (_, s) in enumerate(h.inflight) if not _is_orderly(s, h.tcb)), default=0)
    begin = next((place for place in range(first, len(h.inflight)) if h.inflight[place][1].length), len(h.inflight))
    before, texts = list(h.inflight[first:begin]), [one for one in h.inflight[begin:] if one[1].length]
    behind = [one for one in h.inflight[begin:] if not one[1].length]
    told = segment
    if segment.length:
        texts, told = _united(texts, index, segment, h.tcb.rcv_nxt)
    elif not texts:
        return replace(h, inflight=(*h.inflight[:first], *_telling([*before, (index, segment)], segment.seq, h.tcb)))
    last = texts[-1][1]
    if not segment.length or (last.ack, last.window) != (told.ack, told.window):
        behind.append((index, told))
    return replace(h, inflight=(*h.inflight[:begin], *texts, *_telling(behind, last.end, h.tcb)))


def split(h: Hypothesis, number: Seq) -> Hypothesis:
    """The history with the text under way in two pieces, where octet ``number`` is the first not yet acknowledged."""
    parts: Waiting = []
    for index, s in h.inflight:
        if s.length and s.seq < number < s.end and _is_orderly(s, h.tcb):
            length = number.ahead_of(s.seq)
            parts += [(index, replace(s, length=length)), (index, replace(s, seq=number, length=s.length - length))]
        else:
            parts.append((index, s))
    return h if len(parts) == len(h.inflight) else replace(h, inflight=tuple(parts))


def ready(h: Hypothesis) -> Hypothesis:
    """The history with what can be processed next in front of text that waits for a gap to be filled."""
    for place, (_, segment) in enumerate(h.inflight):
        if not _waits(h.tcb, segment):
            return h if not place else replace(h, inflight=_first(h.inflight, place))
    return h


def waits(h: Hypothesis) -> bool:
    """Whether nothing under way can be processed yet."""
    return bool(h.inflight) and _waits(h.tcb, h.inflight[0][1])


def bare(h: Hypothesis, allow: frozenset[Excuse]) -> Hypothesis:
    """The history without what decides nothing any more.

    Such are excuses, granted as often as needed; text and ACKs under way that are old, whose answer would be one ACK
    more; where segments get lost, how it came about and which ACK is owed; and where the record may lack ACKs, which
    of them came.
    """
    waiting = tuple((i, s) for i, s in h.inflight if not (s.seq < h.tcb.rcv_nxt >= s.end and _is_orderly(s, h.tcb)))
    processed, owed, tcb = h.processed, h.owed, h.tcb
    if Excuse.LOSS in allow:
        processed = None
        owed = owed if tcb.state is State.TIME_WAIT else None  # elsewhere one ACK more needs no reason
    if Excuse.UNRECORDED in allow and tcb.iss is not None and tcb.state in SYNCHRONIZED:
        una = tcb.iss + 1 if tcb.snd_una != tcb.snd_nxt or tcb.state not in FIN_SENT else tcb.snd_una
        tcb = replace(tcb, snd_una=una, snd_wnd=0, snd_wl1=tcb.irs, snd_wl2=tcb.iss)
    return replace(
        h, tcb=tcb, inflight=waiting, owed=owed, processed=processed, excuses=h.excuses - _FORGOTTEN, against=""
    )


def _first(inflight: tuple[tuple[int, Segment], ...], place: int) -> tuple[tuple[int, Segment], ...]:
    return (inflight[place], *inflight[:place], *inflight[place + 1 :])


def _waits(tcb: Tcb, segment: Segment) -> bool:
    taking = tcb.state in _TAKES_TEXT and not tcb.fin_received
    return taking and segment.length > 0 and segment.seq > tcb.rcv_nxt and _is_orderly(segment, tcb)


def _is_orderly(segment: Segment, tcb: Tcb) -> bool:
    """Whether it is text or an ACK as every connection has them, and acknowledges what was sent."""
    if segment.flags & (OPENING | URG) != ACK or segment.faults or any(one.fault for one in segment.options):
        return False
    if tcb.state not in _TAKES_TEXT or tcb.iss is None:
        return False
    return tcb.snd_una + (tcb.state is State.SYN_RECEIVED) <= segment.ack <= tcb.snd_nxt


def _continues(h: Hypothesis, segment: Segment) -> bool:
    """Whether its number is as due: text that is new in part, or an ACK behind all text, and behind what else came."""
    if segment.length:
        return segment.end > h.tcb.rcv_nxt
    top = h.tcb.rcv_nxt
    for _, other in h.inflight:
        if _is_orderly(other, h.tcb):
            top = later(top, other.end)
    # What is of another kind, a FIN or a stray, may have a number behind the text, or any.
    return segment.seq == top or any(segment.seq == other.end for _, other in h.inflight if other.end > top)


def _united(texts: Waiting, index: int, segment: Segment, base: Seq) -> tuple[Waiting, Segment]:
    """The texts with one more, touching ones joined, in order; and an ACK of the latest that they acknowledge."""
    begin, end, low, high, at = segment.seq, segment.end, segment, segment, index
    rest: Waiting = []
    for number, other in texts:
        if other.seq <= end and begin <= other.end:
            begin = other.seq if other.seq < begin else begin
            end = later(end, other.end)
            low = other if other.ack <= low.ack else low
            high = other if other.ack > high.ack else high
            at = min(at, number)
        else:
            rest.append((number, other))
    one = replace(low, seq=begin, length=end.ahead_of(begin), options=())
    united = sorted([*rest, (at, one)], key=lambda part: part[1].seq.ahead_of(base - (1 << 30)))
    return united, replace(high, length=0, options=())


def _telling(acks: Waiting, seq: Seq, tcb: Tcb) -> Waiting:
    """The ACKs of which none tells all that another one does, from this number."""
    found: Waiting = []
    for at, ack in acks:
        while found and _tells_all(found[-1][1], ack, tcb):
            found.pop()
        if not found or not _tells_all(ack, found[-1][1], tcb):
            found.append((at, replace(ack, seq=seq)))
    return found


def _tells_all(one: Segment, other: Segment, tcb: Tcb) -> bool:
    """Whether the other of two ACKs tells all that the one does, the largest window included."""
    if not one.ack <= other.ack:
        return False
    return one.window <= other.window or one.window << tcb.snd_shift <= tcb.max_snd_wnd


def least_excused(histories: Set[Hypothesis], allow: frozenset[Excuse]) -> frozenset[Hypothesis]:
    """Of histories that differ only in their excuses the ones that need fewest.

    Where segments may be missing from the record, how a history came about no longer matters: there are too many ways.
    """
    if Excuse.UNRECORDED in allow:
        histories = {replace(h, processed=None) for h in histories}
    if len(histories) < 2:
        return frozenset(histories)
    best: dict[Hypothesis, Hypothesis] = {}
    for h in histories:
        bare = replace(h, excuses=frozenset(), against="") if h.excuses else h
        if bare not in best or _rank(h) < _rank(best[bare]):
            best[bare] = h
    return frozenset(best.values())


def _rank(h: Hypothesis) -> tuple[int, list[Excuse], str]:
    """Fewer excuses are better; of as many, those first in the alphabet, so that the same ones are kept every time."""
    return len(h.excuses), sorted(h.excuses), h.against
