"""What a record shows: which rules in action (by an answer, a due silence, a call or timer), what form of close.

A rule counts only where every permitted history agrees that it came up, and only once something came after it: what
nobody looked at was not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from probe.engine.belief.events import Quiet, Seen, Transcript
from probe.engine.belief.watch import Watch
from probe.engine.judge import header
from probe.engine.judge.case import Case
from probe.engine.judge.timers import (
    FULL,
    KEEPALIVE,
    full_segments_acked,
    is_left_alone,
    kept_expiry,
    kept_gaps,
    prompt_acks,
)
from probe.results.verdict import CloseForm
from probe.scenarios.steps import Expect, Wait
from probe.spec import calls
from probe.spec.segment import ACK, FIN, RST, SYN
from probe.spec.seq import Seq
from probe.spec.states import State

_CALLS = {
    (calls.OPEN, State.SYN_SENT): ("active.syn-form",),
    (calls.RETRANSMIT, State.SYN_SENT): ("active.syn-retransmitted-same-isn",),
    (calls.CLOSE, State.FIN_WAIT_1): ("aclose.fin-form",),
    (calls.CLOSE, State.LAST_ACK): ("close.passive-fin",),
    (calls.SEND, State.CLOSE_WAIT): ("close.halfclose-peer-sends",),
    (calls.ABORT, State.CLOSED): ("rstgen.abort-seq",),
    (calls.RETRANSMIT, State.SYN_RECEIVED): ("synack.retransmitted", "isn.stable-while-pending", "open.two-way-only"),
    (calls.RETRANSMIT, State.FIN_WAIT_1): ("aclose.fin-retransmit",),
    (calls.RETRANSMIT, State.CLOSING): ("simclose.fin-still-retransmitted",),
    (calls.RETRANSMIT, State.LAST_ACK): ("close.lastack-fin-retransmit",),
}
"""What a segment that answers nothing shows: by the call or timeout that explains it, and the state it leaves."""
_OPENED = ("open.listen-syn-synack", "open.synack-ack-number", "open.no-data-in-handshake")
"""What a SYN,ACK shows; the last one where it has no text."""


def exercised(case: Case, watch: Watch) -> dict[str, int]:
    """The rules shown, in the order they came up, each with the event of its stimulus, or of what came of itself.

    What only the whole record shows has none (-1).
    """
    transcript = case.transcript
    found: dict[str, int] = {}
    isns: set[Seq] = set()

    def note(rules: Iterable[str], at: int) -> None:
        for rule in rules:
            found.setdefault(rule, at)

    # The peer was looked at up to its last segment, or the last completed wait.
    last = max((i for i, e in enumerate(transcript.judged) if isinstance(e, Quiet) or not e.to_peer), default=-1)
    for index, event in transcript.seen():
        if watch.broken_at is not None and index >= watch.broken_at:
            break
        if not event.to_peer:
            asked = {answer.index for answer in watch.after(index).answers}
            stimulus = next(iter(asked)) if len(asked) == 1 else -1
            opens = event.segment.has(SYN | ACK) and event.segment.seq not in isns
            isns |= {event.segment.seq} if opens else set()
            note(_by_departure(watch, index, event, opens=opens), index if stimulus < 0 else stimulus)
            note([transcript.named[stimulus]] if stimulus in transcript.named else [], stimulus)
        elif index < last:
            note(_by_arrival(watch, index, transcript.named.get(index)), index)
    if watch.broken_at is None:
        note(_by_the_whole(case, watch, set(found)), -1)
    return found


def _by_arrival(watch: Watch, index: int, name: str | None) -> Iterator[str]:
    """The rule of a segment sent to the peer, once no history still owes or holds back a reaction to it.

    ``name`` is what the scenario calls the reaction: a later one shows that it was silence.
    """
    if watch.broken_at is None:
        owed = {due.index for h in watch.belief for due in (h.due, h.owed) if due is not None}
        if index in owed or any(arrived == index for h in watch.belief for arrived, _ in h.inflight):
            return
    done = [h.processed for h in watch.memory.closure(watch.after(index).belief, watch.terms) if not h.inflight]
    if len(set(done)) == 1 and done[0] is not None and done[0][0] == index:
        yield done[0][2]
    if name is not None and watch.broken_at is None and any(h.processed is not None for h in watch.belief):
        yield name


def _by_departure(watch: Watch, index: int, event: Seen, *, opens: bool) -> Iterator[str]:
    """The rules of a segment the peer sent: the one it answers by, and the one of the call that sent it.

    ``opens``: it is a SYN,ACK that has not come before.
    """
    answers = watch.after(index).answers
    if opens and {a.call for a in answers} == {calls.RETRANSMIT}:
        yield from _OPENED[
            : 2 if event.segment.length else None
        ]  # one before it was lost, or what answers our SYN that was sent again went past it
        return
    if len({a.rule for a in answers}) == 1:
        answer = next(iter(answers))
        if answer.rule:
            yield answer.rule
        if answer.row == "L4" and answer.rule == _OPENED[0]:
            yield from _OPENED[1 : 2 if event.segment.length else None]
    if event.segment.flags & FIN and {(a.rule, a.call) for a in answers} == {("close.fin-acked", calls.CLOSE)}:
        yield "close.merged-fin"
    steps = {(a.call, h.tcb.state) for a in answers for h in watch.after(index).belief}
    if len(steps) == 1:
        yield from _CALLS.get(steps.pop(), ())


def _by_the_whole(case: Case, watch: Watch, so_far: set[str]) -> Iterator[str]:
    """What no single segment shows: waits that ended as the scenario says, gaps, delays, initial numbers."""
    scenario, transcript = case.scenario, case.transcript
    if any(isinstance(s, Wait) for s in scenario.steps) and "open.final-ack-establishes" in so_far:
        yield "synack.stops-when-acked"
    if not transcript.missing:
        yield from (s.rule for s in scenario.steps if isinstance(s, Expect) and s.rule)
    for repeats in scenario.repeats:
        yield from kept_gaps(transcript, repeats)
    yield from prompt_acks(transcript, watch, case.path_delay)
    if scenario.expires:
        yield from kept_expiry(transcript, scenario)
    if full_segments_acked(transcript, case.path_delay):
        yield FULL
    if KEEPALIVE in scenario.shows and is_left_alone(transcript, watch):
        yield KEEPALIVE
    opened = {e.segment.ack for _, e in transcript.seen() if not e.to_peer and e.segment.flags & SYN}
    if scenario.distinct_isns and len(opened) > 1:
        yield "isn.differs"
    broken = {item.rule for item in header.malformed(transcript)}
    yield from header.kept(transcript, {*scenario.shows, *scenario.may_show} - broken)


def close_form(transcript: Transcript) -> CloseForm:
    """The form of the close; NONE when the record holds no complete one."""
    seen = [event for _, event in transcript.seen()]
    fins = [(place, e) for place, e in enumerate(seen) if e.segment.flags & FIN]
    ours = next((fin for fin in fins if fin[1].to_peer), None)
    theirs = next((fin for fin in fins if not fin[1].to_peer), None)
    if ours is None or theirs is None:
        return CloseForm.RESET if any(e.segment.flags & RST for e in seen[:-1]) else CloseForm.NONE
    (at, first), (until, second) = sorted((ours, theirs), key=lambda fin: fin[0])
    covers = first.segment.end
    if not second.segment.flags & ACK or second.segment.ack != covers:
        return CloseForm.SIMULTANEOUS
    answered = any(
        e.to_peer == second.to_peer and e.segment.flags & (ACK | FIN | SYN) == ACK and e.segment.ack == covers
        for e in seen[at + 1 : until]
    )
    return CloseForm.FOUR if answered else CloseForm.THREE
